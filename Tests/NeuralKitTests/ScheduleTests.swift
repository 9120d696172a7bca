import Testing

@testable import NeuralKit

@Suite("Schedules")
struct ScheduleTests {
  private func rates(_ schedule: some Schedule, _ positions: [Double]) -> [Float] {
    positions.map { schedule.learningRate(base: 1, at: TrainingProgress(position: $0, epochs: 10)) }
  }

  private func expect(
    _ found: [Float], _ expected: [Float], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 },
      "\(found), expected \(expected)", sourceLocation: sourceLocation)
  }

  /// Falls at epochs 3 and 5 to a half each; half way up the warm-up of 2 epochs the rate is 0.505.
  @Test("multi-step falls after the epochs it names, warm-up included")
  func multiStep() {
    var options = MultiStepSchedule.Options()
    (options.milestones, options.gamma, options.start.warmup) = ([3, 5], 0.5, 2)
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
