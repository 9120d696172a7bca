import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import EfficientFace

/// The blocks alone, in training mode, against the independent definition.
@Suite("EfficientFace's blocks agree with the reference")
struct BlockTests {
  private let golden: Golden
  private let store = ParameterStore()
  private var scope: ParameterScope { ParameterScope(store: store) }

  init() throws { golden = try Golden("efficientface_train") }

  /// Biases that only a batch norm sees.
  private func isIdle(_ key: String) -> Bool {
    ["branch1.1.bias", "branch2.4.bias", "gate_c_fc_0.bias", "gate_s_conv_reduce0.bias"].contains {
      key.hasSuffix($0)
    } || (key.contains("gate_s_conv_di_") && key.hasSuffix(".bias"))
  }

  @Test("units of stride 2 and 1", arguments: [("inverted2", 6), ("inverted1", 12)])
  func units(_ name: String, _ from: Int) throws {
    let unit = ShuffleUnit(from: from, to: 12, halves: name == "inverted2", in: scope / "b")
    store.fillFromNames()
    try GoldenBlock(golden, name).check(inputs: ["x"], store, idle: isIdle) {
      ["y": unit($0["x"] ?? .zeros([1]), $1)]
    }
  }

  @Test("the quarters")
  func quarters() throws {
    let local = LocalFeatures(from: 3, to: 12, in: scope / "local")
    store.fillFromNames()
    try GoldenBlock(golden, "quarters").check(inputs: ["x"], store) {
      ["y": local($0["x"] ?? .zeros([1]), $1)]
    }
  }

  @Test("the modulator: both scores, and what they make of the map")
  func modulator() throws {
    let modulator = ChannelSpatialModulator(channels: 16, hidden: 3, in: scope / "modulator")
    store.fillFromNames()
    try GoldenBlock(golden, "modulator").check(inputs: ["x"], store, idle: isIdle) { inputs, pass in
      let x = inputs["x"] ?? .zeros([1])
      var again = pass
      again.updatesStatistics = false
      let scores = modulator.scores(x, pass)
      return ["channel": scores.channel, "spatial": scores.spatial, "y": modulator(x, again)]
    }
  }

  /// With scores of 0 the gate is σ(0) = 1/2.
  @Test("scores of 0 halve the map")
  func halved() {
    let modulator = ChannelSpatialModulator(channels: 4, hidden: 2, in: scope)
    store.fill(seed: 1)
    for name in ["weight", "bias"] {
      let parameter = store["channel_att.gate_c.gate_c_fc_final.\(name)"]
      parameter.map { $0.value = .zeros($0.shape) }
    }
    let x = uniformImages("x", count: 2, channels: 4, side: 5)
    expectClose(modulator(x, .evaluation), x * 0.5)
  }

  /// Of each quarter's weights all but those of the bottom left are 0, and the image is 1 everywhere: only there something
  /// comes out, and inside, away from the padding, the same everywhere. With two convolutions of nine ones: 9 · 9 = 81.
  @Test("the second quarter is the bottom left, and each is padded by itself")
  func places() {
    let local = LocalFeatures(from: 1, to: 2, in: scope)
    store.fill(seed: 1)
    for parameter in store.all where parameter.name.hasSuffix("weight") && parameter.shape.count == 4 {
      parameter.value = .full(parameter.shape, parameter.name.hasPrefix("conv2") ? 1 : 0)
    }
    let map = local(.ones([1, 16, 16, 1]), .evaluation)
    #expect(map.shape == [1, 8, 8, 2])
    let channel = map.sliced(along: 3, from: 1, count: 1).values
    for row in 0..<8 {
      for column in 0..<8 where row < 4 || column > 3 { #expect(channel[row * 8 + column] == 0) }
    }
    // Rows 4...7 and columns 0...3; the first convolution sees padding at its first row and column only (6 of 9, and 4 in
    // the corner), the second around its 4x4 map.
    expectClose(Tensor([1], [channel[6 * 8 + 2]]), [81], absolute: 1e-2)
    // At the corner of the quarter: 4 + 6 + 6 + 9 = 25.
    expectClose(Tensor([1], [channel[4 * 8]]), [25], absolute: 1e-2)
  }

  /// By hand: uniform distributions ln 7 / 7; logits of the teacher 3, 0 ... and of the student 1, 1, 0 ...
  @Test("the loss: by hand, and against the reference")
  func loss() throws {
    func loss(_ logits: Tensor, _ target: Tensor?, _ options: LabelDistribution.Options = .init()) -> Tensor {
      var context = BuildContext.fixture(classes: 7)
      let part = LabelDistribution(options, in: &context)
      let labels = [Int](repeating: 2, count: logits.shape[0])
      let shares = logits.detached.softmax(along: -1)
      let outcome = Outcome(
        embedding: logits.detached, logits: logits, primary: shares, terms: [], final: shares)
      return part.loss(of: outcome, against: Targets(labels: labels, distribution: target), .evaluation)
    }
    let none = Tensor.zeros([1, 7])
    expectClose(loss(none, .full([1, 7], 1 / 7)), [0.277_987_2], absolute: 1e-6)
    expectClose(loss(none, nil), [0.277_987_2], absolute: 1e-6)
    let teacher = Tensor([1, 7], [3, 0, 0, 0, 0, 0, 0]).softmax(along: -1)
    let student = Tensor([1, 7], [1, 1, 0, 0, 0, 0, 0])
    expectClose(loss(student, teacher), [0.219_570_4], absolute: 1e-6)
    expectClose(loss(student, teacher, .with { $0.overClasses = false }), [1.536_992_5], absolute: 1e-5)
    #expect(loss(Tensor([1, 7], [200, -200, 0, 0, 0, 0, 0]), .full([1, 7], 1 / 7)).item.isFinite)

    let tape = Tape()
    let logits = tape.watch(golden.plain("soft.logits"))
    let mean = loss(logits, golden.plain("soft.target")).mean()
    expectRelativeNorm(mean, golden.plain("soft.output"), atMost: 2e-5, "loss")
    tape.backward(from: mean)
    expectRelativeNorm(
      try #require(tape.gradient(of: logits)), golden.plain("soft.logits.grad"), atMost: 2e-5, "d logits")
  }
}
