#if canImport(Glibc)
  import Glibc
#endif

/// The rate falls to `gamma` of itself after each of some epochs.
package struct MultiStepSchedule: Schedule {
  package struct Options: ComponentOptions {
    @Option("Numbers of epochs, warm-up included, after which the rate falls; they rise.", 1...)
    package var milestones = [30, 60, 90]
    @Option("What the rate is multiplied by at each fall.", above: 0) package var gamma = 0.1
    @OptionGroup package var start = WarmupOptions()

    package init() {}

    package func issues() -> [OptionIssue] {
      if zip(milestones, milestones.dropFirst()).contains(where: { $0 >= $1 }) {
        return [OptionIssue("milestones", "must rise, are \(milestones)")]
      }
      guard let first = milestones.first, Double(first) < start.warmup else { return [] }
      return [
        OptionIssue("milestones", "must not lie within the warm-up of \(start.warmup) epochs: \(first)")
      ]
    }
  }

  package var warmup: Double { options.start.warmup }
  private let options: Options

  package init(_ options: Options) { self.options = options }

  package func factor(at position: Double, of epochs: Double) -> Double {
    pow(options.gamma, Double(options.milestones.count { Double($0) <= position + warmup }))
  }
}
