import NeuralKit
import TensorKit
import TestSupport
import Testing

@Suite("Layers")
struct LayerTests {
  private let scope = ParameterScope()

  @Test("parameters are named by their path and born once")
  func names() {
    _ = MLP(size: 2, hidden: 3, in: scope / "block" / 0)
    let expected = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"].map { "block.0." + $0 }
    #expect(scope.store.all.map(\.name) == expected)
    #expect(scope.store.under("block.0.fc1").count == 2 && scope.store.under("block.0.f").isEmpty)
    #expect(scope.store["block.0.fc2.weight"]?.shape == [2, 3])
  }

  @Test("a value depends on seed and name alone, not on what else is in the model")
  func filling() {
    func value(_ seed: UInt64, crowd: Int) -> [Float] {
      let scope = ParameterScope()
      for index in 0..<crowd { _ = Linear(from: 2, to: 2, in: scope / "other\(index)") }
      _ = Linear(from: 4, to: 4, in: scope / "it")
      scope.store.fill(seed: seed)
      return scope.store["it.weight"]?.value.values ?? []
    }
    #expect(value(1, crowd: 0) == value(1, crowd: 3) && value(1, crowd: 0) != value(2, crowd: 0))
  }

  /// Two samples 1 and 3 per channel: mean 2, biased variance 1, unbiased variance 2. After one step with momentum
  /// 0.1 from (0, 1): mean 0.2, variance 0.9 + 0.2 = 1.1.
  @Test("batch norm follows the batch in training and uses what it gathered in evaluation")
  func batchNorm() {
    let norm = BatchNorm(1, epsilon: 0, in: scope)
    scope.store.fill(seed: 1)
    let x = Tensor([2, 1], [1, 3])
    expectClose(norm(x, .training(on: Tape(), seed: 1, step: 0)), [[-1], [1]])
    expectClose(scope.store["running_mean"]!.value, [0.2])
    expectClose(scope.store["running_var"]!.value, [1.1])
    // (1 - 0.2) / √1.1 = 0.762770, (3 - 0.2) / √1.1 = 2.669695
    expectClose(norm(x, .evaluation), [[0.762770], [2.669695]], absolute: 1e-5)
    var second = ForwardPass.training(on: Tape(), seed: 1, step: 0)
    second.updatesStatistics = false
    _ = norm(x, second)
    expectClose(scope.store["running_mean"]!.value, [0.2])
  }

  @Test("a frozen batch norm uses stored statistics in training, and gets no gradient")
  func frozen() {
    let norm = BatchNorm(1, epsilon: 0, in: scope)
    scope.store.fill(seed: 1)
    for parameter in scope.store.all { parameter.isFrozen = true }
    let tape = Tape()
    expectClose(norm(Tensor([2, 1], [1, 3]), .training(on: tape, seed: 1, step: 0)), [[1], [3]])
    expectClose(scope.store["running_mean"]!.value, [0])
    #expect(scope.store.trainable.isEmpty)
  }

  /// As above: mean 2, biased variance 1; then (1 - 0.2) / √1.1 and (3 - 0.2) / √1.1.
  @Test("a batch norm without parameters of its own only normalises")
  func plainBatchNorm() {
    let norm = BatchNorm(1, epsilon: 0, affine: false, in: scope)
    scope.store.fill(seed: 1)
    #expect(scope.store.all.map(\.name) == ["running_mean", "running_var"] && scope.store.trainable.isEmpty)
    let x = Tensor([2, 1], [1, 3]), training = ForwardPass.training(on: Tape(), seed: 1, step: 0)
    expectClose(norm(x, training), [[-1], [1]])
    expectClose(norm(x, .evaluation), [[0.762770], [2.669695]], absolute: 1e-5)
    for parameter in scope.store.all { parameter.isFrozen = true }
    expectClose(norm(x, training), [[0.762770], [2.669695]], absolute: 1e-5)
    let wide = BatchNorm(2, affine: false, in: scope / "wide")
    scope.store.fill(seed: 1)
    checkGradients(at: Tensor([6, 2], uniform("x", 12))) { wide($0, training) }
  }

  /// Ones over every second pixel of the image 1 ... 25: 1 + 3 + 5 + 11 + 13 + 15 + 21 + 23 + 25 = 117.
  @Test("a dilated convolution sees every second pixel, also where two convolutions are computed as one")
  func dilation() {
    let x = Tensor([1, 5, 5, 1], (1...25).map(Float.init))
    let layer = Convolution(
      from: 1, to: 1, kernel: 3, dilation: 2, initializer: .ones, in: scope / "dilated")
    let second = Convolution(from: 1, to: 1, kernel: 1, initializer: .constant(2), in: scope / "second")
    scope.store.fill(seed: 1)
    for pass in [ForwardPass.evaluation, .recording(on: Tape())] {
      #expect(layer(x, pass).values == [117])
      #expect(ConvolutionPair(layer, second)(x, pass).values == [234])
    }
    checkGradients(at: x) { layer($0, .evaluation) }
  }

  /// A recording pass takes each layer on its own, a plain evaluation all of them at once.
  @Test(
    "a block's layers in one pass give what they give one after another",
    arguments: [(16, 1, 1, 3), (16, 2, 1, 3), (5, 1, 1, 3), (8, 2, 8, 3), (16, 1, 1, 1), (6, 2, 2, 1)])
  func fusedBlock(_ channels: Int, _ stride: Int, _ groups: Int, _ kernel: Int) {
    let outputs = groups > 1 ? channels : 16
    let activations: [ConvolutionBlock.Activation] = [
      .none, .relu, .prelu(PReLU(outputs, initial: -0.3, in: scope / "slope")),
    ]
    for (index, activation) in activations.enumerated() {
      let place = scope / index
      let block = ConvolutionBlock(
        normalizedBy: index == 1 ? nil : BatchNorm(channels, in: place / "before"),
        Convolution(
          from: channels, to: outputs, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups,
          bias: index == 2, in: place / "convolution"),
        BatchNorm(outputs, in: place / "after"), activation: activation)
      scope.store.fillFromNames()
      let x = Tensor([2, 9, 9, channels], uniform("x", 162 * channels))
      let side = (9 + stride - 1) / stride
      let addend = Tensor([2, side, side, outputs], uniform("addend", 2 * side * side * outputs))
      expectClose(block(x, .evaluation), block(x, .recording(on: Tape())).detached, absolute: 1e-5)
      expectClose(
        block(x, adding: addend, .evaluation), block(x, adding: addend, .recording(on: Tape())).detached,
        absolute: 1e-5)
    }
  }

  /// Three convolutions with what surrounds them.
  private struct Layers {
    let before, between, after: BatchNorm
    let first, second, third: Convolution
    let slope: PReLU

    init(in scope: ParameterScope) {
      before = BatchNorm(16, in: scope / "before")
      first = Convolution(from: 16, to: 32, kernel: 3, padding: 1, in: scope / "first")
      between = BatchNorm(32, in: scope / "between")
      slope = PReLU(32, in: scope / "slope")
      second = Convolution(
        from: 32, to: 8, kernel: 3, stride: 2, padding: 1, bias: true, in: scope / "second")
      after = BatchNorm(8, in: scope / "after")
      third = Convolution(from: 8, to: 16, kernel: 1, in: scope / "third")
    }

    func chained(_ x: Tensor, adding addend: Tensor, _ pass: ForwardPass) -> Tensor {
      let chain = ConvolutionChain(
        ConvolutionBlock(normalizedBy: before, first, between, activation: .prelu(slope)),
        ConvolutionBlock(second, after, activation: .relu), ConvolutionBlock(third, activation: .relu))
      return chain(x, adding: addend, pass)
    }

    func oneByOne(_ x: Tensor, adding addend: Tensor, _ pass: ForwardPass) -> Tensor {
      var map = slope(between(first(before(x, pass), pass), pass), pass)
      map = after(second(map, pass), pass).relu()
      return (third(map, pass) + addend).relu()
    }
  }

  @Test(
    "a chain gives what its layers give one by one: result, gradients and running statistics",
    arguments: [
      true, false,
    ])
  func chained(isTraining: Bool) throws {
    let (x, addend) = (
      Tensor([2, 8, 8, 16], uniform("x", 2048)), Tensor([2, 4, 4, 16], uniform("addend", 512).map { $0 * 3 })
    )
    func run(_ body: (Layers, Tensor, Tensor, ForwardPass) -> Tensor) throws -> [(String, Tensor)] {
      let scope = ParameterScope(), tape = Tape(), layers = Layers(in: scope)
      scope.store.fillFromNames()
      let pass = isTraining ? ForwardPass.training(on: tape, seed: 1, step: 0) : .recording(on: tape)
      let (input, added) = (tape.watch(x), tape.watch(addend))
      let result = body(layers, input, added, pass)
      tape.backward(from: result, gradient: Tensor(result.shape, uniform("flow", result.count)))
      return try [("result", result), ("x", #require(tape.gradient(of: input)))]
        + [("addend", #require(tape.gradient(of: added)))]
        + scope.store.all.map { parameter in
          guard parameter.isTrainable else { return (parameter.name, parameter.value) }
          let gradient = tape.gradient(for: ObjectIdentifier(parameter))
          return (parameter.name, try #require(gradient, "\(parameter.name)"))
        }
    }
    let whole = try run { $0.chained($1, adding: $2, $3) }
    let parts = try run { $0.oneByOne($1, adding: $2, $3) }
    for (found, expected) in zip(whole, parts) {
      #expect(found.0 == expected.0)
      expectRelativeNorm(found.1, expected.1, atMost: 2e-5, found.0)
    }
  }

  @Test("self-attention treats each sample by itself, and its gradients are right")
  func attention() throws {
    let layer = MultiHeadSelfAttention(size: 4, heads: 2, in: scope)
    scope.store.fill(seed: 5)
    let x = Tensor([2, 3, 4], uniform("x", 24))
    let both = layer(x, .evaluation)
    let alone = layer(x.sliced(along: 0, from: 1, count: 1), .evaluation)
    expectClose(alone, both.sliced(along: 0, from: 1, count: 1), absolute: 1e-6)
    checkGradients(at: x) { layer($0, .evaluation) }
    for count in 1...3 {
      expectClose(
        layer(x, asking: count, .evaluation), both.sliced(along: 1, from: 0, count: count), absolute: 1e-6)
      checkGradients(at: x) { layer($0, asking: count, .evaluation) }
    }
  }

  /// Queries and keys are the tokens themselves. Two heads of one number: the first token (1, 1) asks for token t by the
  /// sum of its numbers, 0.5 - 0.1 = 0.4 and so on. With biases (1, 0) of queries and (0, 2) of keys the query is (2, 1),
  /// the keys (x, y + 2), and one head of two numbers divides by √2: (2 · 0.5 + 1.9) / √2 = 2.050610.
  @Test("what the first token asks for is its logits, summed over the heads", arguments: [false, true])
  func firstTokenLogits(hasBias: Bool) throws {
    let layer = MultiHeadSelfAttention(size: 2, heads: hasBias ? 1 : 2, hasInputBias: hasBias, in: scope)
    scope.store.fill(seed: 1)
    try #require(scope.store["qkv.weight"]).value = Tensor([6, 2], [1, 0, 0, 1, 1, 0, 0, 1, 9, 9, 9, 9])
    #expect((scope.store["qkv.bias"] != nil) == hasBias)
    scope.store["qkv.bias"]?.value = Tensor([6], [1, 0, 0, 2, 9, 9])
    let tape = Tape()
    let x = tape.watch(Tensor([1, 5, 2], [1, 1, 0.5, -0.1, -0.2, 0.4, 0.3, 0.3, 0.05, 0]))
    let found = layer.firstTokenLogits(x)
    #expect(!found.isTracked)
    expectClose(
      found,
      [hasBias ? [3.535534, 2.050610, 1.414214, 2.050610, 1.484924] : [2, 0.4, 0.2, 0.6, 0.05]],
      absolute: 1e-5)
  }

  @Test("self-attention without an input bias, with all tokens asking and with one")
  func attentionWithoutBias() throws {
    let layer = MultiHeadSelfAttention(size: 4, heads: 2, hasInputBias: false, in: scope)
    scope.store.fill(seed: 5)
    #expect(scope.store.all.map(\.name) == ["qkv.weight", "proj.weight", "proj.bias"])
    let x = Tensor([2, 3, 4], uniform("x", 24))
    expectClose(
      layer(x, asking: 1, .evaluation), layer(x, .evaluation).sliced(along: 1, from: 0, count: 1),
      absolute: 1e-6)
    for count in [1, 3] { checkGradients(at: x) { layer($0, asking: count, .evaluation) } }
  }

  @Test("every trainable parameter of a pass gets its gradient")
  func gradients() {
    let gate = SqueezeGate(size: 3, in: scope)
    scope.store.fill(seed: 2)
    let tape = Tape()
    tape.backward(from: gate(Tensor([2, 3], uniform("x", 6)), .training(on: tape, seed: 1, step: 0)).sum())
    for parameter in scope.store.trainable {
      #expect(tape.gradient(for: ObjectIdentifier(parameter)) != nil, "\(parameter.name)")
    }
  }
}

@Suite("Initialisers")
struct InitializerTests {
  private func deviation(_ initializer: Initializer, _ shape: [Int]) -> Float {
    let values = initializer.make(shape: shape, random: RandomSource(seed: 1, stream: "w")).values
    let mean = values.reduce(0, +) / Float(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)).squareRoot()
  }

  /// Deviations from the definitions: a uniform ±b has b / √3; He et al. √(2 / (9 · 64)) = 0.0589; a normal
  /// cut at two deviations has 0.8796 of its own.
  @Test(
    "each has the deviation its definition says",
    arguments: [
      (.normal(deviation: 0.5), [200, 100], 0.5), (.truncatedNormal(deviation: 1), [200, 100], 0.8796),
      (.uniform(bound: 3), [200, 100], 1.732), (.pytorchDefault(fanIn: 100), [200, 100], 0.0577),
      (.kaimingNormalFanOut, [64, 3, 3, 32], 0.0589), (.constant(3), [10], 0),
    ] as [(Initializer, [Int], Float)])
  func deviations(initializer: Initializer, shape: [Int], expected: Float) {
    #expect(abs(deviation(initializer, shape) - expected) <= 0.02 * expected, "\(initializer)")
  }
}
