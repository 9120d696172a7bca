import FERCore
@testable import FERData
import NeuralKit
import TensorKit
import Testing

@Suite("Drawn faces")
struct SyntheticFaceTests {
  private let classes = ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt"]

  private func faces(
    _ classes: [String]? = nil, _ change: (inout SyntheticFaces.Options) -> Void = { _ in }
  ) throws -> LoadedSyntheticFaces {
    var options = SyntheticFaces.Options()
    (options.count, options.identities, options.size) = (80, 10, 32)
    change(&options)
    return SyntheticFaces(options).faces(of: classes ?? self.classes)
  }

  @Test("the same seed gives the same pictures, in any order of asking")
  func determinism() throws {
    let (first, second) = (try faces(), try faces())
    #expect(first.samples == second.samples)
    let backwards = try first.samples.indices.reversed().map { try second.image(at: $0) }
    for (index, image) in zip(first.samples.indices, backwards.reversed()) {
      #expect(try first.image(at: index) == image)
    }
  }

  @Test("pictures have their size, values within 0...1, and something to see")
  func pictures() throws {
    for size in [16, 33, 64] {
      let data = try faces { ($0.size, $0.variation, $0.count) = (size, 2, 24) }
      for index in data.samples.indices {
        let image = try data.image(at: index)
        #expect(image.width == size && image.height == size)
        #expect(image.pixels.allSatisfy { $0 >= 0 && $0 <= 1 })
        let (low, high) = (image.pixels.min() ?? 0, image.pixels.max() ?? 0)
        #expect(high - low > 0.3)
      }
    }
  }

  @Test("classes are equally frequent, or fall to the stated ratio")
  func counts() throws {
    let even = try faces()
    #expect(
      (0..<8).map { label in even.samples.count { $0.label == label } } == Array(repeating: 10, count: 8))
    // 1000 images, 3 classes, ratio 16: shares 16 : 4 : 1 of 21.
    #expect(LoadedSyntheticFaces.counts(1000, classes: 3, imbalance: 16) == [762, 190, 48])
    #expect(LoadedSyntheticFaces.counts(5, classes: 1, imbalance: 9) == [5])
    #expect(LoadedSyntheticFaces.counts(2, classes: 4, imbalance: 1).reduce(0, +) == 2)
  }

  @Test("label noise replaces exactly its share, always by another class")
  func labelNoise() throws {
    let data = try faces { $0.labelNoise = 0.25 }
    let wrong = data.samples.indices.filter { data.samples[$0].label != data.shownLabels[$0] }
    #expect(wrong.count == 20)
    let clean = try faces()
    #expect(clean.samples.map(\.label) == clean.shownLabels)
    #expect(clean.shownLabels == data.shownLabels)
    #expect(try clean.image(at: wrong[0]) == data.image(at: wrong[0]))
    #expect(try faces(["happy"]) { $0.labelNoise = 1 }.samples.allSatisfy { $0.label == 0 })
  }

  @Test("other splits and other seeds show other people")
  func people() throws {
    let train = try faces()
    let others = [try faces { $0.split = "validation" }, try faces { $0.seed = 2 }]
    #expect(Set(train.samples.map(\.group)).count <= 10)
    for other in others {
      for index in train.samples.indices {
        #expect(try train.image(at: index) != other.image(at: index))
      }
    }
    #expect(Set(train.samples.map(\.group)).isDisjoint(with: others[0].samples.map(\.group)))
  }

  @Test("an expression follows the class's meaning; unknown names have one of their own")
  func expressions() {
    #expect(FaceExpression.named("Joy") == FaceExpression.named("happiness"))
    #expect(FaceExpression.named("neutral") == FaceExpression())
    #expect(FaceExpression.named("boredom") == FaceExpression.named("boredom"))
    let names = classes + ["boredom", "pain"]
    for (place, name) in names.enumerated() {
      for other in names.dropFirst(place + 1) {
        let (a, b) = (FaceExpression.named(name), FaceExpression.named(other))
        let apart = FaceExpression.parts.map { (a[keyPath: $0] - b[keyPath: $0]) }.map { $0 * $0 }.reduce(
          0, +)
        #expect(apart > 1, "\(name) and \(other)")
      }
    }
  }

  @Test("a picture that does not exist is an error; classes may be none at all")
  func edges() throws {
    let data = try faces()
    #expect(throws: DataProblem("synthetic/train/80", "does not exist; there are 80 images")) {
      try data.image(at: 80)
    }
    #expect(throws: DataProblem.self) { try data.image(at: -1) }
    #expect(try faces([]).samples.isEmpty)
  }

  @Test("names meet by meaning")
  func names() {
    #expect(ExpressionNames.canonical(" Fearful ") == "fear")
    #expect(ExpressionNames.index(of: "ANGRY", in: ["happy", "anger"]) == 1)
    #expect(ExpressionNames.index(of: "Joy", in: ["joyless", "happy"]) == 1)
    #expect(ExpressionNames.index(of: "bored", in: ["happy", "anger"]) == nil)
    let words = ExpressionNames.rows.flatMap { $0 }
    #expect(Set(words).count == words.count)
  }
}
