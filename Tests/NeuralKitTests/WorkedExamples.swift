import FERTools
import FERTraining
import TestSupport
import Testing

@testable import NeuralKit

@Suite("Optimisers and schedules, by hand")
struct WorkedExamples {
  @Test("what was worked out comes out", arguments: optimizers + schedules)
  func comesOut(_ example: Example) throws { #expect(try example.check() == []) }

  @Test("every optimiser and schedule has an example")
  func complete() throws {
    let missing = try Example.missing(for: FERTrainingPlugin.self, among: Self.optimizers + Self.schedules)
    #expect(missing == [])
  }

  private static let halves = AdamOptions.with { ($0.beta1, $0.beta2) = (0.5, 0.5) }

  private static let optimizers = [
    // β₁ = β₂ = 1/2, rate 0.1, gradients 1 and 0. First m̂ = v̂ = 1: a step of 0.1. Then m = v = 1/4 and
    // m̂ = v̂ = (1/4) / (1 − 1/4) = 1/3: a step of 0.1 · (1/3) / √(1/3) = 0.1 / √3 = 0.0577350.
    Example("optimizers/adam") {
      .steps(
        of: Adam(.with { $0.moments = halves }), from: [1], learningRate: 0.1, gradients: [[1], [0]],
        lead: [[0.9], [0.842265]])
    },
    // The decay joins the gradient: 0 + 0.5 · 2 = 1, and Adam's first step is the rate times the gradient's sign,
    // the same for 3 + 0.5 · 2 and for −3 + 0.5 · 2.
    Example("optimizers/adam", "weight decay") {
      .steps(
        of: Adam(.with { $0.weightDecay = 0.5 }), from: [2, 2, 2], learningRate: 0.1,
        gradients: [[0, 3, -3]], lead: [[1.9, 1.9, 2.1]])
    },
    // As Adam, but each time the weight first shrinks by 0.1 · 0.5 of itself: 2 · 0.95 − 0.1 = 1.8, then
    // 1.8 · 0.95 − 0.0577350 = 1.652265.
    Example("optimizers/adamw") {
      .steps(
        of: AdamW(.with { ($0.moments, $0.weightDecay) = (halves, 0.5) }), from: [2], learningRate: 0.1,
        gradients: [[1], [0]], lead: [[1.8], [1.652265]])
    },
    // Rate 0.1: 1 − 0.1 · 2, and with a decay of 0.5 the gradient is 2 + 0.5 · 1.
    Example("optimizers/sgd", "plain") {
      .steps(of: SGD(.init()), from: [1], learningRate: 0.1, gradients: [[2]], lead: [[0.8]])
    },
    Example("optimizers/sgd", "weight decay") {
      .steps(
        of: SGD(.with { $0.weightDecay = 0.5 }), from: [1], learningRate: 0.1, gradients: [[2]],
        lead: [[0.75]])
    },
    // Momentum 0.5, rate 1, gradient 1 twice: u = 1, then 1.5. Plain: w = 0 − 1 − 1.5. Nesterov steps by g + 0.5 u:
    // 1.5, then 1.75. With a dampening of 0.5 the second u is 0.5 + 0.5.
    Example("optimizers/sgd", "momentum") {
      .steps(
        of: SGD(.with { $0.momentum = 0.5 }), from: [0], learningRate: 1, gradients: [[1], [1]],
        lead: [[-1], [-2.5]])
    },
    Example("optimizers/sgd", "Nesterov") {
      .steps(
        of: SGD(.with { ($0.momentum, $0.nesterov) = (0.5, true) }), from: [0], learningRate: 1,
        gradients: [[1], [1]], lead: [[-1.5], [-3.25]])
    },
    Example("optimizers/sgd", "dampening") {
      .steps(
        of: SGD(.with { ($0.momentum, $0.dampening) = (0.5, 0.5) }), from: [0], learningRate: 1,
        gradients: [[1], [1]], lead: [[-1], [-2]])
    },
    // A gradient that is the same everywhere is the same at the moved place, and the base starts from where the weights
    // were: 1 − 0.1 · 2, then 0.8 − 0.1 · 2. Where it is another there, `OptimizerTests` tells.
    Example("optimizers/sam") {
      let base = Nested<any Optimizer>("sgd") { SGD(.init()) }
      return .steps(
        of: try SAM(.with { ($0.base, $0.rho) = (base, 0.5) }), from: [1], learningRate: 0.1,
        gradients: [[2], [2]], lead: [[0.8], [0.6]])
    },
  ]

  private static let schedules = [
    Example("schedules/constant") {
      .factors(of: ConstantSchedule(.init()), epochs: 10, are: [(0, 1), (3.7, 1), (9.99, 1)])
    },
    // Every two epochs to half.
    Example("schedules/step") {
      .factors(
        of: StepSchedule(.with { ($0.every, $0.gamma) = (2, 0.5) }), epochs: 10,
        are: [(0, 1), (1.99, 1), (2, 0.5), (3.5, 0.5), (4, 0.25)])
    },
    // At epochs 3 and 5 to a half each. After a warm-up of 2 epochs these are the epochs 1 and 3.
    Example("schedules/multi-step") {
      .factors(
        of: MultiStepSchedule(.with { ($0.milestones, $0.gamma) = ([3, 5], 0.5) }), epochs: 10,
        are: [(0, 1), (2.99, 1), (3, 0.5), (4.9, 0.5), (5, 0.25), (9, 0.25)])
    },
    Example("schedules/multi-step", "warm-up") {
      .factors(
        of: MultiStepSchedule(.with { ($0.milestones, $0.gamma, $0.start.warmup) = ([3, 5], 0.5, 2) }),
        epochs: 8, are: [(0, 1), (0.9, 1), (1, 0.5), (2.9, 0.5), (3, 0.25)])
    },
    // After each epoch, not within: 0.9² = 0.81.
    Example("schedules/exponential") {
      .factors(
        of: ExponentialSchedule(.with { $0.gamma = 0.9 }), epochs: 10,
        are: [(0, 1), (0.9, 1), (1, 0.9), (2.5, 0.81)])
    },
    // cos 0 = 1, cos 60° = 1/2, cos 90° = 0, cos 180° = −1: shares 1, 3/4, 1/2, 0 of what lies above the minimum 0.2.
    Example("schedules/cosine") {
      .factors(
        of: CosineSchedule(.with { $0.minimum = 0.2 }), epochs: 6,
        are: [(0, 1), (2, 0.8), (3, 0.6), (6, 0.2)])
    },
    // Start 1/4, peak after a fifth of 10 epochs, end 1/4/2. Half way up: (1/4 + 1) / 2; half way down: (1 + 1/8) / 2.
    Example("schedules/one-cycle") {
      .factors(
        of: OneCycleSchedule(.with { ($0.peak, $0.startDivisor, $0.endDivisor) = (0.2, 4, 2) }), epochs: 10,
        are: [(0, 0.25), (1, 0.625), (2, 1), (6, 0.5625), (10, 0.125)])
    },
  ]
}
