import Testing

@testable import NeuralKit

@Suite("Schedules")
struct ScheduleTests {
  private func rates(_ schedule: some Schedule, _ positions: [Double], epochs: Int = 10) -> [Float] {
    positions.map { schedule.learningRate(base: 1, at: TrainingProgress(position: $0, epochs: epochs)) }
  }

  private func expect(
    _ found: [Float], _ expected: [Float], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 },
      "\(found), expected \(expected)", sourceLocation: sourceLocation)
  }

  @Test("constant stays")
  func constant() { expect(rates(ConstantSchedule(.init()), [0, 3.7, 9.99]), [1, 1, 1]) }

  @Test("step falls every two epochs to half")
  func step() {
    var options = StepSchedule.Options()
    (options.every, options.gamma) = (2, 0.5)
    expect(rates(StepSchedule(options), [0, 1.99, 2, 3.5, 4]), [1, 1, 0.5, 0.5, 0.25])
  }

  /// Falls at epochs 3 and 5 to a half each; with a warm-up of 2 epochs the same, the rate being 0.505 half way up it.
  @Test("multi-step falls after the epochs it names, warm-up or not")
  func multiStep() {
    var options = MultiStepSchedule.Options()
    (options.milestones, options.gamma) = ([3, 5], 0.5)
    expect(rates(MultiStepSchedule(options), [0, 2.99, 3, 4.9, 5, 9]), [1, 1, 0.5, 0.5, 0.25, 0.25])
    options.start.warmup = 2
    expect(rates(MultiStepSchedule(options), [1, 2, 3, 5]), [0.505, 1, 0.5, 0.25])
  }

  @Test("milestones that do not rise, or lie within the warm-up, are refused")
  func badMilestones() {
    var options = MultiStepSchedule.Options()
    options.milestones = [3, 3]
    #expect(options.allIssues() == [OptionIssue("milestones", "must rise, are [3, 3]")])
    (options.milestones, options.start.warmup) = ([3, 5], 4)
    #expect(
      options.allIssues()
        == [OptionIssue("milestones", "must not lie within the warm-up of 4.0 epochs: 3")])
    options.milestones = [0]
    #expect(options.allIssues() == [OptionIssue("milestones", "must be at least 1, is 0")])
  }

  @Test("exponential falls after each epoch, not within")
  func exponential() {
    var options = ExponentialSchedule.Options()
    options.gamma = 0.9
    expect(rates(ExponentialSchedule(options), [0, 0.9, 1, 2.5]), [1, 1, 0.9, 0.81])
  }

  /// cos 0 = 1, cos 60° = 1/2, cos 90° = 0, cos 180° = -1: shares 1, 3/4, 1/2, 0 of what lies above the minimum.
  @Test("cosine, with a minimum of 0.2")
  func cosine() {
    var options = CosineSchedule.Options()
    options.minimum = 0.2
    expect(rates(CosineSchedule(options), [0, 2, 3, 6], epochs: 6), [1, 0.8, 0.6, 0.2])
  }

  /// Start 1/4, peak after a fifth of 10 epochs, end 1/4/2. Half way up: (1/4 + 1) / 2; half way down: (1 + 1/8) / 2.
  @Test("one cycle rises to its peak and falls below its start")
  func oneCycle() {
    var options = OneCycleSchedule.Options()
    (options.peak, options.startDivisor, options.endDivisor) = (0.2, 4, 2)
    expect(rates(OneCycleSchedule(options), [0, 1, 2, 6, 10]), [0.25, 0.625, 1, 0.5625, 0.125])
  }

  /// Warm-up over 2 epochs from 0.01: half way 0.505. The cosine then has 8 epochs; its middle is at epoch 6.
  @Test("warm-up rises in a line, then the schedule runs over the rest")
  func warmup() {
    var options = CosineSchedule.Options()
    options.start.warmup = 2
    expect(rates(CosineSchedule(options), [0, 1, 2, 6, 10]), [0.01, 0.505, 1, 0.5, 0])
    var longer = WarmupOptions()
    longer.warmup = 20
    expect(rates(ConstantSchedule(longer), [10]), [0.505])
  }
}
