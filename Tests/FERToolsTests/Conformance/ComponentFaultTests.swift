import FERCore
import FERTools
import NeuralKit
import TensorKit
import Testing

@Suite("The conformance kit finds faults in samplers, optimisers and schedules")
struct ComponentFaultTests {
  @Test("samplers draw what exists, from their source alone, anew in each epoch")
  func samplers() throws {
    func sampler<F: Order>(_ fault: F.Type) throws -> [Finding] {
      try problems { try $0.samplers.register("faulty", FaultySampler<F>.self) }
    }
    expect(try sampler(Shuffled.self), nil)
    expect(try sampler(InOrder.self), nil)
    expect(try sampler(ByLabel.self), nil)
    expect(try sampler(TooFar.self), .range, "do not exist")
    expect(try sampler(NeverEmpty.self), .range, "of an empty dataset")
    expect(try sampler(Lazy.self), .purpose, "chooses none of 60 samples")
    expect(try sampler(FixedSeed.self), .randomness, "whatever the random source")
    expect(try sampler(SameEveryEpoch.self), .randomness, "the same in another epoch")
    #expect(try sampler(FromNowhere.self).contains { $0.rule == .determinism })
  }

  @Test("optimisers go downhill, and where they may")
  func optimizers() throws {
    func optimizer<F: Step>(_ fault: F.Type) throws -> [Finding] {
      try problems { try $0.optimizers.register("faulty", FaultyOptimizer<F>.self) }
    }
    expect(try optimizer(Momentum.self), nil)
    expect(try optimizer(Uphill.self), .purpose, "in a quadratic bowl")
    expect(try optimizer(NeverStill.self), .purpose, "a learning rate of 0 moves parameters")
    expect(try optimizer(MovesFrozen.self), .purpose, "is frozen")
    expect(try optimizer(MovesIdle.self), .purpose, "has no gradient")
    expect(try optimizer(Unscaled.self), .purpose, "learningRateScale 2")
    expect(try optimizer(Stateless.self), .saving, "goes on otherwise")
    expect(try optimizer(IgnoresRecomputed.self), .purpose, "does not use them")
    #expect(try optimizer(Jittering.self).contains { $0.rule == .determinism })
    expect(
      try problems {
        try $0.optimizers.register("adam", Adam.self)
        try $0.optimizers.register("adamw", AdamW.self)
        try $0.optimizers.register("sgd", SGD.self)
        try $0.optimizers.register("sam", SAM.self)
      }, nil)
  }

  @Test("schedules are functions of the position")
  func schedules() throws {
    func schedule<F: Curve>(_ fault: F.Type) throws -> [Finding] {
      try problems { try $0.schedules.register("faulty", FaultySchedule<F>.self) }
    }
    expect(try schedule(Linear.self), nil)
    expect(try schedule(Negative.self), .range, "is -")
    expect(try schedule(Endless.self), .range, "is inf")
    #expect(try schedule(Counting.self).contains { $0.rule == .determinism })
    expect(try problems { try $0.schedules.register("deaf", DeafSchedule.self) }, .purpose, "lasts 0.0")
    expect(try problems { try $0.schedules.register("one-cycle", OneCycleSchedule.self) }, nil)
    expect(try problems { try $0.schedules.register("cosine", CosineSchedule.self) }, nil)
  }
}

// MARK: samplers

private protocol Order: SendableMetatype {
  static func order(_ samples: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int]
}

private final class FaultySampler<F: Order>: Sampler {
  typealias Options = NoOptions
  init(_ options: NoOptions) {}
  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    return F.order(samples, epoch, &random)
  }
}

private enum Shuffled: Order {
  static func order(_ s: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int] {
    random.shuffled(Array(s.indices))
  }
}
private enum InOrder: Order {
  static func order(_ s: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int] { Array(s.indices) }
}
private enum ByLabel: Order {
  static func order(_ s: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int] {
    s.indices.sorted { (s[$0].label, s[$0].id) < (s[$1].label, s[$1].id) }
  }
}
private enum TooFar: Order {
  static func order(_ s: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int] {
    random.shuffled(s.indices.map { $0 + 1 })
  }
}
private enum NeverEmpty: Order {
  static func order(_ s: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int] {
    random.shuffled(Array(0..<max(1, s.count)))
  }
}
private enum Lazy: Order {
  static func order(_ s: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int] { [] }
}
private enum FixedSeed: Order {
  static func order(_ s: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int] {
    var own = RandomSource(seed: 1, stream: "own")
    return own.shuffled(Array(s.indices))
  }
}
/// Remembers the order of each seed's first epoch, as one does that is told the seed only.
private enum SameEveryEpoch: Order {
  static func order(_ s: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int] {
    guard s.count > 1 else { return Array(s.indices) }
    let firstEpochs = (1...2).map { RandomSource(seed: $0, stream: "sampler", epoch: 0) }
    var (mine, first) = (random, firstEpochs[0])
    if epoch > 0 { return first.shuffled(Array(s.indices)) }
    return mine.shuffled(Array(s.indices))
  }
}
private enum FromNowhere: Order {
  static func order(_ s: [Sample], _ epoch: Int, _ random: inout RandomSource) -> [Int] {
    s.indices.shuffled()
  }
}

// MARK: optimisers

private protocol Step: SendableMetatype {
  static func wants(_ parameter: Parameter) -> Bool
  static func rate(_ parameter: Parameter, _ rate: Float) -> Float
  static var hasState: Bool { get }
  static var recomputes: Bool { get }
}
extension Step {
  static func wants(_ parameter: Parameter) -> Bool { parameter.isTrainable && parameter.gradient != nil }
  static func rate(_ parameter: Parameter, _ rate: Float) -> Float { rate * parameter.learningRateScale }
  static var hasState: Bool { true }
  static var recomputes: Bool { false }
}

/// Gradient descent with momentum 0.5.
private final class FaultyOptimizer<F: Step>: Optimizer {
  typealias Options = NoOptions
  let learningRate: Float = 0.01
  private var velocities: [String: Tensor] = [:]

  init(_ options: NoOptions) {}

  func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {
    let before = parameters.map(\.gradient)
    if F.recomputes { try recompute() }
    for (parameter, gradient) in zip(parameters, before) where F.wants(parameter) {
      let old = velocities[parameter.name] ?? .zeros(parameter.shape)
      let new = old * 0.5 + (gradient ?? .ones(parameter.shape))
      velocities[parameter.name] = new
      parameter.value = parameter.value - new * F.rate(parameter, learningRate)
    }
  }

  var state: OptimizerState {
    get { OptimizerState(tensors: F.hasState ? velocities : [:]) }
    set { velocities = newValue.tensors }
  }
}

private enum Momentum: Step {}
private enum Uphill: Step {
  static func rate(_ p: Parameter, _ rate: Float) -> Float { -rate * p.learningRateScale }
}
private enum NeverStill: Step {
  static func rate(_ p: Parameter, _ rate: Float) -> Float { max(rate, 1e-3) * p.learningRateScale }
}
private enum MovesFrozen: Step {
  static func wants(_ p: Parameter) -> Bool { p.gradient != nil }
}
private enum MovesIdle: Step {
  static func wants(_ p: Parameter) -> Bool { p.isTrainable }
}
private enum Unscaled: Step {
  static func rate(_ p: Parameter, _ rate: Float) -> Float { rate }
}
private enum Stateless: Step {
  static var hasState: Bool { false }
}
private enum IgnoresRecomputed: Step {
  static var recomputes: Bool { true }
}
private enum Jittering: Step {
  static func rate(_ p: Parameter, _ rate: Float) -> Float {
    rate * p.learningRateScale * Float.random(in: 0.99...1.01)
  }
}

// MARK: schedules

private protocol Curve: SendableMetatype {
  static func factor(_ share: Double, calls: Int) -> Double
}

private final class FaultySchedule<F: Curve>: Schedule {
  struct Options: ComponentOptions {
    @Option("Epochs of warm-up.", 0...) var warmup = 0.0
  }
  let warmup: Double
  private var calls = 0

  init(_ options: Options) { warmup = options.warmup }
  func factor(at position: Double, of epochs: Double) -> Double {
    calls += 1
    return F.factor(position / epochs, calls: calls)
  }
}

private enum Linear: Curve {
  static func factor(_ share: Double, calls: Int) -> Double { max(0, 1 - share) }
}
private enum Negative: Curve {
  static func factor(_ share: Double, calls: Int) -> Double { 0.5 - share }
}
private enum Endless: Curve {
  static func factor(_ share: Double, calls: Int) -> Double { 1 / (1 - share) }
}
private enum Counting: Curve {
  static func factor(_ share: Double, calls: Int) -> Double { 1 / Double(calls) }
}

/// Has the option and does not listen to it.
private final class DeafSchedule: Schedule {
  typealias Options = FaultySchedule<Linear>.Options
  let warmup = 0.0
  init(_ options: Options) {}
  func factor(at position: Double, of epochs: Double) -> Double { 1 }
}
