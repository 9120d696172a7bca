import FERCore
import FERTraining
import NeuralKit
import TensorKit
import TestSupport
import Testing

/// Whatever is not a number stops the training at its step, before weights change, and the last checkpoint stays.
@Suite("Numbers that are not finite stop a training", .serialized)
struct NonFiniteTests {
  /// Trains the tiny recipe, which writes a checkpoint every two steps, with a part of it broken from the third step on.
  /// - Returns: what it ended with.
  private func problem(_ changes: String...) throws -> String {
    let workshop = try Workshop(changes, plugins: [BrokenPlugin.self])
    let problem = try #require(throws: RunProblem.self) { try workshop.run("run") }
    #expect(!problem.isRequest)
    let file = try WeightFile(workshop.path + "/run/checkpoints/last.safetensors")
    try file.verifyDigest()
    for name in file.names { #expect(try file.tensor(name).nonFiniteCount == 0, "\(name)") }
    return problem.description
  }

  @Test("a weight, by its name, in the step after it was spoiled")
  func weight() throws {
    let found = try problem("training.optimizer={use:'broken',fault:'weight'}")
    #expect(
      found.hasPrefix("step 4, epoch 1: ") && found.contains("head.out.weight holds 1 numbers that are"),
      "\(found)")
    #expect(found.contains("images of the batch: face "))
  }

  @Test("a weight that the last step of an epoch spoiled, before anything is validated")
  func lastStep() throws {
    let found = try problem(
      "training.optimizer={use:'broken',fault:'weight',from:4}", "training.checkpointSteps=0")
    #expect(found.hasPrefix("step 4, epoch 1: head.out.weight holds 1 numbers"), "\(found)")
  }

  @Test("the optimiser's state, where it is saved")
  func optimizerState() throws {
    let found = try problem("training.optimizer={use:'broken',fault:'state'}")
    #expect(found.hasPrefix("step 4: optimizer/doubt holds numbers that are not finite; nothing"), "\(found)")
  }

  @Test("the learning rate, by the schedule's name")
  func learningRate() throws {
    let found = try problem("training.schedule={use:'broken'}")
    #expect(found.hasPrefix("step 3, epoch 1: schedule \"broken\": the learning rate is nan"), "\(found)")
  }

  /// At its third use: the first is the trial that tells what memory a batch takes.
  @Test("a loss, by its name")
  func loss() throws {
    let found = try problem("losses={tiny:{},sour:{use:'broken',fault:'value'}}")
    #expect(found.hasPrefix("step 2, epoch 1: ") && found.contains("sour"), "\(found)")
  }

  @Test("a gradient, by the name of its parameter")
  func gradient() throws {
    let found = try problem("losses={tiny:{},sour:{use:'broken',fault:'gradient'}}")
    #expect(found.hasPrefix("step 2, epoch 1: the gradient of "), "\(found)")
    #expect(found.contains(" holds ") && found.contains("nothing was changed by this step"))
  }

  @Test("a sampler that chooses what is not there is named")
  func sampler() throws {
    let found = try problem("sampler={use:'broken'}")
    #expect(found == "sampler \"broken\": for epoch 1 it chose image 21, which is not in 0...20", "\(found)")
  }
}

/// Gradient descent that goes wrong at a step.
private final class BrokenOptimizer: Optimizer {
  struct Options: ComponentOptions {
    @Option("What goes wrong.", oneOf: ["weight", "state"]) var fault = "weight"
    @Option("At which step, from 1.", 1...) var from = 3
  }
  let learningRate: Float = 0.01
  private let options: Options
  private var steps = 0

  init(_ options: Options) { self.options = options }

  func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {
    steps += 1
    for parameter in parameters {
      guard let gradient = parameter.gradient else { continue }
      parameter.value = parameter.value - gradient * learningRate
      guard parameter.name == "head.out.weight", options.fault == "weight", steps == options.from else {
        continue
      }
      parameter.value = Tensor(parameter.shape, [.nan] + parameter.value.values.dropFirst())
    }
  }

  var state: OptimizerState {
    get {
      let doubt: Float = options.fault == "state" && steps >= 3 ? .infinity : 1
      return OptimizerState(tensors: ["doubt": Tensor([1], [doubt])])
    }
    set {}
  }
}

/// No number from the middle of the first epoch on, which is its third step.
private final class BrokenSchedule: Schedule {
  typealias Options = NoOptions
  let warmup = 0.0
  init(_ options: NoOptions) {}
  func factor(at position: Double, of epochs: Double) -> Double { position < 0.4 ? 1 : .nan }
}

/// Nothing to make small; from its third training pass on no number, or with a gradient that is none.
private final class BrokenLoss: Loss {
  struct Options: ComponentOptions {
    @Option("What is no number.", oneOf: ["value", "gradient"]) var fault = "value"
  }
  static var scope: LossScope { .samples }
  private let options: Options
  private var passes = 0
  init(_ options: Options, in context: inout BuildContext) { self.options = options }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    passes += pass.isTraining ? 1 : 0
    let value = outcome.final.sum(along: 1)
    guard passes >= 3 else { return value }
    let shape = value.shape
    return options.fault == "value"
      ? value * .nan : value.detached.recorded(from: [value]) { _ in [.full(shape, .nan)] }
  }
}

private final class BrokenSampler: Sampler {
  typealias Options = NoOptions
  init(_ options: NoOptions) {}
  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    samples.indices.map { $0 + 1 }
  }
}

private enum BrokenPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.optimizers.register("broken", BrokenOptimizer.self)
    try registry.schedules.register("broken", BrokenSchedule.self)
    try registry.losses.register("broken", BrokenLoss.self)
    try registry.samplers.register("broken", BrokenSampler.self)
  }
}
