import Testing
import TestSupport
import TensorKit

@testable import NeuralKit

@Suite("Optimisers")
struct OptimizerTests {
  /// Five steps from `w0` with the gradients `g0` ... `g4`, against PyTorch.
  @Test(
    "five steps agree with PyTorch",
    arguments: ["adam_lr0.01", "adam_lr0.01_wd0.1", "adamw_lr0.01_wd0.1", "sgd_lr0.1_m0.9_wd0.01"])
  func golden(name: String) throws {
    let golden = try Golden("optimizers")
    let optimizer = Self.optimizer(name)
    let parameter = Self.parameter("w", golden.plain("w0"))
    for step in 0..<5 {
      parameter.gradient = golden.plain("g\(step)")
      optimizer.step([parameter], learningRate: optimizer.learningRate, recompute: {})
    }
    expectRelativeNorm(parameter.value, golden.plain(name), atMost: 1e-5, name)
  }

  @Test(
    "a step changes nobody else's numbers, and is told by the version",
    arguments: ["adam_lr0.01", "sgd_lr0.1_m0.9_wd0.01"])
  func inPlace(name: String) {
    let optimizer = Self.optimizer(name), parameter = Self.parameter("w", Tensor([2], [1, 2]))
    let (kept, version) = (parameter.value, parameter.version)
    for _ in 0..<2 {
      parameter.gradient = Tensor([2], [1, 1])
      optimizer.step([parameter], learningRate: 0.1, recompute: {})
    }
    #expect(kept.values == [1, 2] && parameter.value.values != [1, 2])
    #expect(parameter.version == version + 2)
  }

  @Test("saved and restored in the middle, the steps after have the same bits")
  func state() throws {
    let golden = try Golden("optimizers")
    for name in ["adam_lr0.01_wd0.1", "sgd_lr0.1_m0.9_wd0.01"] {
      func run(savingAt split: Int?, keepingState: Bool = true) -> [Float] {
        var optimizer = Self.optimizer(name)
        let parameter = Self.parameter("w", golden.plain("w0"))
        for step in 0..<5 {
          if step == split {
            let state = optimizer.state
            optimizer = Self.optimizer(name)
            if keepingState { optimizer.state = state }
          }
          parameter.gradient = golden.plain("g\(step)")
          optimizer.step([parameter], learningRate: 0.01, recompute: {})
        }
        return parameter.value.values
      }
      let whole = run(savingAt: nil)
      for split in 1..<5 { #expect(run(savingAt: split) == whole, "\(name) split at \(split)") }
      #expect(run(savingAt: 2, keepingState: false) != whole, "\(name): lost state must show")
    }
  }

  /// f = w², w = 1, rho 0.5: gradient 2 has norm 2, so w' = 1 + 0.5 and the gradient there is 3. Plain descent
  /// with rate 0.1 then goes from 1 to 1 - 0.3.
  @Test("SAM steps by the gradient uphill")
  func sharpnessAware() throws {
    var options = SAM.Options()
    (options.base, options.rho) = (Nested("sgd") { SGD(SGD.Options()) }, 0.5)
    let sam = try SAM(options)
    let parameter = Self.parameter("w", .ones([1]))
    let computeGradient = { parameter.gradient = parameter.value * 2 }
    computeGradient()
    sam.step([parameter], learningRate: 0.1, recompute: computeGradient)
    #expect(abs(parameter.value.item - 0.7) < 1e-6)
  }

  @Test("five steps of SAM over Adam and over SGD agree with the reference", arguments: [true, false])
  func sharpnessAwareGolden(overAdam: Bool) throws {
    let golden = try Golden("op_sam")
    let (a, b) = (golden.plain("a"), golden.plain("b"))
    var options = SAM.Options()
    options.base = Nested("base") {
      overAdam ? Adam(Adam.Options()) : SGD(.with { $0.momentum = 0.9 }) as any Optimizer
    }
    let sam = try SAM(options)
    let parameter = Self.parameter("w", golden.plain("w0"))
    let computeGradient = { parameter.gradient = a * parameter.value + b }
    for _ in 0..<5 {
      computeGradient()
      sam.step([parameter], learningRate: overAdam ? 0.01 : 0.1, recompute: computeGradient)
    }
    let name = overAdam ? "adam_lr0.01" : "sgd_lr0.1_m0.9"
    let error = expectRelativeNorm(
      parameter.value, golden.plain(name), atMost: try Tolerance.read().ops, name)
    print("golden op_sam \(name): \(error)")
  }

  @Test("when SAM's second pass fails, the weights are back where they were")
  func sharpnessAwareFailure() throws {
    struct Failure: Error {}
    var options = SAM.Options()
    options.base = Nested("adam") { Adam(Adam.Options()) }
    let sam = try SAM(options)
    let parameter = Self.parameter("w", .ones([3]))
    parameter.gradient = .ones([3])
    #expect(throws: Failure.self) { try sam.step([parameter], learningRate: 0.1) { throw Failure() } }
    #expect(parameter.value.values == [1, 1, 1])
  }

  @Test("frozen parameters and those without a gradient stay; a learning rate scale scales")
  func scales() {
    let sgd = SGD(SGD.Options())
    let (frozen, idle, slow) = (
      Self.parameter("a", .ones([2])), Self.parameter("b", .ones([2])), Self.parameter("c", .ones([2]))
    )
    frozen.isFrozen = true
    slow.learningRateScale = 0.5
    for parameter in [frozen, slow] { parameter.gradient = .ones([2]) }
    sgd.step([frozen, idle, slow], learningRate: 1, recompute: {})
    #expect([frozen, idle, slow].map(\.value.item) == [1, 1, 0.5])
  }

  /// Without a gradient to speak of, AdamW's step is the decay alone: 1 - 0.1 * 0.5.
  @Test("AdamW leaves vectors undecayed where asked")
  func vectorsUndecayed() {
    var options = AdamW.Options()
    (options.weightDecay, options.decaysVectors) = (0.5, false)
    let adamw = AdamW(options)
    let (vector, matrix) = (Self.parameter("v", .ones([4])), Self.parameter("m", .ones([2, 2])))
    for parameter in [vector, matrix] { parameter.gradient = .zeros(parameter.shape) }
    adamw.step([vector, matrix], learningRate: 0.1, recompute: {})
    #expect(vector.value.item == 1)
    #expect(abs(matrix.value.item - 0.95) < 1e-6)
  }

  /// Gradients (3, 4) have norm 5; clipped to 1 they are (0.6, 0.8).
  @Test("clipping by the norm over all parameters")
  func clipping() {
    let (a, b) = (Self.parameter("a", .zeros([1])), Self.parameter("b", .zeros([1])))
    (a.gradient, b.gradient) = (.scalar(3), .scalar(4))
    #expect(Gradients.clip([a, b], toNorm: 10) == 5)
    #expect(a.gradient?.item == 3)
    #expect(Gradients.clip([a, b], toNorm: 1) == 5)
    #expect(abs((a.gradient?.item ?? 0) - 0.6) < 1e-6)
    #expect(abs((b.gradient?.item ?? 0) - 0.8) < 1e-6)
  }

  @Test("the norm of many gradients has the same bits for any number of threads")
  func normThreads() {
    let parameters = (0..<5).map { index in
      let parameter = Self.parameter("p\(index)", .zeros([70_001]))
      parameter.gradient = Tensor([70_001], uniform("g\(index)", 70_001))
      return parameter
    }
    let norms = withThreadCountToItself {
      [1, 2, 3].map { threads in
        Parallel.threadCount = threads
        return Gradients.norm(of: parameters)
      }
    }
    #expect(norms[0] == norms[1] && norms[1] == norms[2])
  }

  @Test("a gradient that is not finite is found and counted")
  func nonFinite() {
    let (a, b) = (Self.parameter("a", .zeros([2])), Self.parameter("b", .zeros([3])))
    (a.gradient, b.gradient) = (.ones([2]), Tensor([3], [.nan, 1, -.infinity]))
    let found = Gradients.firstNonFinite(in: [a, b])
    #expect(found?.parameter === b)
    #expect(found?.count == 2)
    b.gradient = Tensor([3], [3e38, 3e38, 3e38])
    #expect(Gradients.firstNonFinite(in: [a, b]) == nil)
  }

  /// First update copies 1; at the second, d = min(0.5, 3/12) = 0.25, so a = 1 + 0.75 (5 - 1) = 4.
  @Test("the moving average, by hand, and swapping it in and out")
  func average() {
    let average = WeightAverage(decay: 0.5)
    let parameter = Self.parameter("w", .ones([2]))
    average.update(from: [parameter])
    parameter.value = .full([2], 5)
    average.update(from: [parameter])
    let inside = average.whileSwappedIn(to: [parameter]) { parameter.value.item }
    #expect(inside == 4)
    #expect(parameter.value.item == 5)
    let copy = WeightAverage(decay: 0.5)
    copy.state = average.state
    #expect(copy.updates == 2)
    #expect(copy.whileSwappedIn(to: [parameter]) { parameter.value.item } == 4)
  }

  @Test("bad options are refused under their keys")
  func badOptions() {
    var adam = Adam.Options()
    (adam.moments.learningRate, adam.moments.beta1) = (0, 1)
    #expect(adam.allIssues().map(\.key) == ["learningRate", "beta1"])
    var sgd = SGD.Options()
    sgd.nesterov = true
    #expect(sgd.allIssues().map(\.key) == ["nesterov"])
    #expect(throws: OptionIssue.self) { try SAM(SAM.Options()) }
  }

  static func parameter(_ name: String, _ value: Tensor) -> Parameter {
    let parameter = ParameterScope().parameter(name, value.shape, .zeros)
    parameter.value = value
    return parameter
  }

  private static func optimizer(_ name: String) -> any Optimizer {
    if name.hasPrefix("sgd") {
      var options = SGD.Options()
      (options.learningRate, options.momentum, options.weightDecay) = (0.1, 0.9, 0.01)
      return SGD(options)
    }
    if name.hasPrefix("adamw") {
      var options = AdamW.Options()
      (options.moments.learningRate, options.weightDecay) = (0.01, 0.1)
      return AdamW(options)
    }
    var options = Adam.Options()
    (options.moments.learningRate, options.weightDecay) = (0.01, name.hasSuffix("wd0.1") ? 0.1 : 0)
    return Adam(options)
  }
}
