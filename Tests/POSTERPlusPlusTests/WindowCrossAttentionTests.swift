import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import POSTERPlusPlus

@Suite("Window cross attention")
struct WindowCrossAttentionTests {
  @Test("four windows on an 8x8 map agree with the reference, gradients included")
  func golden() throws {
    let golden = try Golden("op_wmcsa_windows4")
    let scope = ParameterScope()
    let attention = WindowCrossAttention(channels: 16, heads: 4, window: 4, in: scope)
    scope.store.fillFromNames { "attn." + $0 }
    let tape = Tape()
    let (image, landmarks) = (tape.watch(golden.plain("img")), tape.watch(golden.plain("lm")))
    let output = attention(image, query: landmarks, .recording(on: tape))
    tape.backward(from: output, gradient: golden.plain("output.grad"))
    let allowed = try Tolerance.read().ops
    for (name, found) in [
      ("output", output), ("img.grad", tape.gradient(of: image)), ("lm.grad", tape.gradient(of: landmarks)),
    ] {
      let error = expectRelativeNorm(try #require(found), golden.plain(name), atMost: allowed, name)
      print("golden op_wmcsa_windows4 \(name): \(error)")
    }
  }

  /// Without keys (W_k = 0) and bias every place of a window gets the same; with the key 2 at the upper left place of each
  /// window and the query 1, that place gets e² against 1 of each of the other three, whichever landmark asks.
  @Test("who looks on sees where the attention went, window by window, and changes nothing")
  func shown() throws {
    let scope = ParameterScope()
    let attention = WindowCrossAttention(channels: 1, heads: 1, window: 2, name: "seen", in: scope)
    for parameter in scope.store.all { parameter.value = .zeros(parameter.shape) }
    let map = Tensor([1, 4, 2, 1], [2, 0, 0, 0, 2, 0, 0, 0])
    let query = Tensor.ones([1, 4, 1])
    func seen() throws -> Tensor {
      let witness = PassWitness()
      let found = attention(map, query: query, .evaluation.seen(by: witness))
      #expect(found.values == attention(map, query: query, .evaluation).values)
      let shown = try #require(witness.runs.first?.maps.first)
      #expect(shown.name == "seen" && witness.runs[0].maps.count == 1)
      return shown.map
    }
    expectClose(try seen(), Tensor.full([1, 4, 2], 0.25))
    try #require(scope.store["qkv.weight"]).value = Tensor([2, 1], [1, 0])
    let (most, rest) = (Float(7.389056 / 10.389056), Float(1 / 10.389056))
    expectClose(try seen(), Tensor([1, 4, 2], [most, rest, rest, rest, most, rest, rest, rest]))
  }

  @Test(
    "gradients of map, query and parameters match central differences", arguments: [(4, 2), (2, 2), (4, 4)])
  func gradients(_ side: Int, _ window: Int) throws {
    let scope = ParameterScope()
    let attention = WindowCrossAttention(channels: 4, heads: 2, window: window, in: scope)
    scope.store.fillFromNames()
    let map = Tensor([2, side, side, 4], uniform("map", 2 * side * side * 4))
    let query = Tensor([2, window * window, 4], uniform("query", 2 * window * window * 4))
    checkGradients(at: map, query) { attention($0[0], query: $0[1], .evaluation) }
  }

  @Test("a map is averaged down, with overlapping shares where the side does not divide it")
  func averaging() {
    let map = Tensor([1, 3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9])
    // Shares of 3 places in 2: 0-1 and 1-2. Mean of 1, 2, 4, 5 is 3, and so on.
    expectClose(map.averaged(toSide: 2), Tensor([1, 2, 2, 1], [3, 4, 6, 7]))
    expectClose(map.averaged(toSide: 1), Tensor([1, 1, 1, 1], [5]))
    expectClose(map.averaged(toSide: 3), map)
    let wide = Tensor([1, 2, 2, 2], [1, 10, 3, 30, 5, 50, 7, 70])
    expectClose(wide.averaged(toSide: 1), Tensor([1, 1, 1, 2], [4, 40]))
    let channels = Tensor([2, 3, 3, 2], uniform("channels", 36))
    checkGradients(at: channels) { $0.averaged(toSide: 2) }
  }
}
