import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import POSTER

@Suite("POSTER's pyramid block")
struct PyramidBlockTests {
  private static let size = CrossFusionBlock.Size(
    width: 32, heads: 8, mlpRatio: 2, dropPath: 0, tokens: 6, isMixing: true)

  @Test("a block of three widths agrees with the reference, gradients included")
  func golden() throws {
    let golden = try Golden("op_pyramid_block")
    let scope = ParameterScope()
    let block = PyramidBlock(Self.size, in: scope)
    scope.store.fillFromNames { "b." + $0 }
    let tape = Tape()
    let inputs = ["l", "m", "s"].map { tape.watch(golden.plain($0)) }
    let levels = block(.init(large: inputs[0], middle: inputs[1], small: inputs[2]), .recording(on: tape))
    let outputs = [levels.large, levels.middle, levels.small]
    let seeded = zip(["l", "m", "s"], outputs).map { ($1 * golden.plain("output.\($0).grad")).sum() }
    tape.backward(from: seeded[0] + seeded[1] + seeded[2])

    let allowed = try Tolerance.read().ops
    func compare(_ found: Tensor?, _ name: String) throws {
      let error = expectRelativeNorm(try #require(found), golden.plain(name), atMost: allowed, name)
      print("golden op_pyramid_block \(name): \(error)")
    }
    for (name, input, output) in zip(["l", "m", "s"], zip(inputs, outputs)).map({ ($0, $1.0, $1.1) }) {
      try compare(output, "output.\(name)")
      try compare(tape.gradient(of: input), "\(name).grad")
    }
    let parameters = golden.arrays.keys.filter { $0.hasPrefix("grad.b.") }.sorted()
    #expect(parameters.count == 7)
    for key in parameters {
      let parameter = try #require(scope.store[String(key.dropFirst("grad.b.".count))])
      try compare(tape.gradient(for: ObjectIdentifier(parameter)), key)
    }
  }

  /// Two tokens of four features (1, 2, 3, 4) and (10, 20, 30, 40); weights in PyTorch's order [out, in, k], here
  /// W[0] = ((1, 0), (0, 1)): y[0, j] = x[0, 2j] + x[1, 2j + 1], and W[1] = ((0, 2), (0, 0)): y[1, j] = 2 x[0, 2j + 1].
  @Test("a token convolution takes the tokens as channels and the features as the line")
  func convolution() throws {
    let scope = ParameterScope()
    let convolution = TokenConvolution(tokens: 2, kernel: 2, in: scope)
    try #require(scope.store["weight"]).value = Tensor([2, 2, 2], [1, 0, 0, 1, 0, 2, 0, 0])
    try #require(scope.store["bias"]).value = Tensor([2], [0.5, -1])
    let x = Tensor([1, 2, 4], [1, 2, 3, 4, 10, 20, 30, 40])
    expectClose(convolution(x, .evaluation), Tensor([1, 2, 2], [21.5, 43.5, 3, 7]))
  }

  /// One feature of two tokens, 3 and 5; W[i, o, t]: y[0] = (1·3 + 0·5, 2·3 + 1·5), y[1] = (0·3 + 4·5, 0·3 + 0·5).
  @Test("an expansion makes two features of one")
  func expansion() throws {
    let scope = ParameterScope()
    let expansion = TokenExpansion(tokens: 2, in: scope)
    try #require(scope.store["weight"]).value = Tensor([2, 2, 2], [1, 2, 0, 0, 0, 1, 4, 0])
    try #require(scope.store["bias"]).value = Tensor([2], [0.5, -1])
    expectClose(expansion(Tensor([1, 2, 1], [3, 5]), .evaluation), Tensor([1, 2, 2], [3.5, 11.5, 19, -1]))
  }

  @Test(
    "gradients of all three widths match central differences, with mixing and without",
    arguments: [true, false])
  func gradients(isMixing: Bool) {
    let scope = ParameterScope()
    let block = PyramidBlock(
      .init(width: 8, heads: 2, mlpRatio: 1, dropPath: 0, tokens: 4, isMixing: isMixing), in: scope)
    scope.store.fillFromNames()
    #expect((scope.store["block_m.conv.weight"] != nil) == isMixing)
    let inputs = [8, 4, 2].map { Tensor([2, 4, $0], uniform("level \($0)", 8 * $0)) }
    checkGradients(at: inputs[0], inputs[1], inputs[2]) {
      let levels = block(.init(large: $0[0], middle: $0[1], small: $0[2]), .evaluation)
      return Tensor.concatenated([levels.large, levels.middle, levels.small], along: 2)
    }
  }

  /// Own values v = own (W_v = 1), keys 0 (W_k = 0): every query gets the mean of the own stream, whoever asks.
  @Test("one stream is asked by the other, and answers with its own values")
  func swapped() throws {
    let scope = ParameterScope()
    let attention = SwappedAttention(size: 2, heads: 2, in: scope)
    try #require(scope.store["kv.weight"]).value = Tensor([4, 2], [0, 0, 0, 0, 1, 0, 0, 1])
    try #require(scope.store["proj.weight"]).value = Tensor([2, 2], [1, 0, 0, 1])
    for name in ["kv.bias", "proj.bias"] {
      let bias = try #require(scope.store[name])
      bias.value = .zeros(bias.shape)
    }
    let own = Tensor([1, 2, 2], [1, 2, 3, 6])
    let other = Tensor([1, 2, 2], [5, 5, -7, 1])
    expectClose(attention(own, askedBy: other, .evaluation), Tensor([1, 2, 2], [2, 4, 2, 4]))
    // Keys = own: for the first head the scores of query q are q·(1, 3), so e^(2q) weighs the second token.
    try #require(scope.store["kv.weight"]).value = Tensor([4, 2], [1, 0, 0, 0, 1, 0, 0, 1])
    let asked = attention(own, askedBy: Tensor([1, 2, 2], [0.5, 0, 0, 0]), .evaluation).values
    #expect(abs(asked[0] - (1 + 3 * 2.718_281_8) / 3.718_281_8) < 1e-5 && asked[2] == 2)
    // Of the four rows of weights, two heads' for two queries, three are even; the first gives 1 / (1 + e) and the rest.
    let received = attention.received(own, askedBy: Tensor([1, 2, 2], [0.5, 0, 0, 0]), .evaluation)
    expectClose(received, Tensor([1, 2], [(0.268_941_4 + 1.5) / 4, (0.731_058_6 + 1.5) / 4]))
  }
}
