#if canImport(Glibc)
  import Glibc
#endif

/// The rate falls to `gamma` of itself after every epoch.
package struct ExponentialSchedule: Schedule {
  package struct Options: ComponentOptions {
    @Option("What the rate is multiplied by after each epoch.", above: 0) package var gamma = 0.995
    @OptionGroup package var start = WarmupOptions()

    package init() {}
  }

  package var warmup: Double { options.start.warmup }
  private let options: Options

  package init(_ options: Options) { self.options = options }

  package func factor(at position: Double, of epochs: Double) -> Double {
    pow(options.gamma, position.rounded(.down))
  }
}
