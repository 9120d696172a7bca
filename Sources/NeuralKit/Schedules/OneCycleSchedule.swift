/// The rate rises along a cosine from a small one to the base rate, which here is the peak, and falls along
/// another to a far smaller one (Smith and Topin 2018, in the form of `torch.optim.lr_scheduler.OneCycleLR`).
package struct OneCycleSchedule: Schedule {
  package struct Options: ComponentOptions {
    @Option("Share of training at which the rate is highest.", 0.01...0.99) package var peak = 0.3
    @Option("The rate starts at the base rate over this.", 1...) package var startDivisor = 25.0
    @Option("The rate ends at its start over this.", 1...) package var endDivisor = 1e4
    @OptionGroup package var start = WarmupOptions()

    package init() {}
  }

  package var warmup: Double { options.start.warmup }
  private let options: Options

  package init(_ options: Options) { self.options = options }

  package func factor(at position: Double, of epochs: Double) -> Double {
    let share = min(1, position / epochs)
    let start = 1 / options.startDivisor
    guard share > options.peak else { return 1 + (start - 1) * CosineSchedule.fall(share / options.peak) }
    let end = start / options.endDivisor
    return end + (1 - end) * CosineSchedule.fall((share - options.peak) / (1 - options.peak))
  }
}
