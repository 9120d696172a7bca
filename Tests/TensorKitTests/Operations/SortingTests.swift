import TensorKit
import TestSupport
import Testing

@Suite("Sorting and gathering")
struct SortingTests {
  private let rows = Tensor([2, 4], [3, 1, 3, 2, .nan, 5, -.infinity, 5])

  @Test("the largest first, of equal ones the lower place, not a number last of all")
  func top() {
    #expect(rows.topPlaces(2) == [[0, 2], [1, 3]])
    #expect(rows.topPlaces(4) == [[0, 2, 3, 1], [1, 3, 2, 0]])
    #expect(rows.topPlaces(0) == [[], []])
    #expect(Tensor([3], [1, 3, 2]).topPlaces(1) == [[1]])
    #expect(Tensor([2, 1, 2], [1, 2, 4, 3]).topPlaces(1) == [[1], [0]])
    #expect(Tensor([2, 1], [.nan, 1]).topPlaces(1) == [[0], [0]])
  }

  @Test("all in order")
  func sorted() {
    #expect(rows.sortedPlaces() == [[1, 3, 0, 2], [2, 1, 3, 0]])
    expectClose(Tensor([2, 3], [2, 1, 3, 6, 5, 4]).sorted(), [[1, 2, 3], [4, 5, 6]])
    expectClose(Tensor([2, 3], [2, 1, 3, 6, 5, 4]).sorted(descending: true), [[3, 2, 1], [6, 5, 4]])
    #expect(Tensor([2, 1, 2], [1, 0, 4, 3]).sorted().shape == [2, 1, 2])
  }

  @Test("some rows of each sample")
  func gathered() {
    let x = Tensor([2, 3, 2], (0..<12).map(Float.init))
    expectClose(
      x.gathered(places: [[2, 0], [1, 1]]), Tensor([2, 2, 2], [4, 5, 0, 1, 8, 9, 8, 9]))
    expectClose(Tensor([2, 2], [1, 2, 3, 4]).gathered(places: [[1], [0]]), [[2], [3]])
    #expect(x.gathered(places: [[], []]).shape == [2, 0, 2])
    #expect(Tensor([0, 3, 2], []).gathered(places: []).shape == [0, 0, 2])
  }

  @Test("gradients go back to where the elements came from; those of a place that comes twice are added")
  func gradients() {
    let x = Tensor([2, 3, 2], uniform("x", 12))
    checkGradients(at: x) { $0.gathered(places: [[2, 0], [1, 1]]) }
    checkGradients(at: x) { $0.gathered(places: [[1], [2]]) * $0.sliced(along: 1, from: 0, count: 1) }
    checkGradients(at: x.reshaped([6, 1, 2])) { $0.gathered(places: Array(repeating: [0, 0], count: 6)) }
    let apart = Tensor([2, 3], [0.5, -1, 2, 1, 3, -2])
    checkGradients(at: apart) { $0.sorted() * $0 }
    checkGradients(at: apart) { $0.sorted(descending: true) }
    checkGradients(at: apart.reshaped([6, 1])) { $0.sorted() }
  }
}
