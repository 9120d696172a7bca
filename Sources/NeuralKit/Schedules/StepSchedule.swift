#if canImport(Glibc)
  import Glibc
#endif

/// The rate falls to `gamma` of itself every so many epochs.
package struct StepSchedule: Schedule {
  package struct Options: ComponentOptions {
    @Option("Epochs between two falls.", 1...) package var every = 30
    @Option("What the rate is multiplied by at each fall.", above: 0) package var gamma = 0.1
    @OptionGroup package var start = WarmupOptions()

    package init() {}
  }

  package var warmup: Double { options.start.warmup }
  private let options: Options

  package init(_ options: Options) { self.options = options }

  package func factor(at position: Double, of epochs: Double) -> Double {
    pow(options.gamma, (position / Double(options.every)).rounded(.down))
  }
}
