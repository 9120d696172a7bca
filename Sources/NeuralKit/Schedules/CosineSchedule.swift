#if canImport(Glibc)
  import Glibc
#endif

/// The rate falls along half a cosine, step by step, to `minimum` of itself at the end (Loshchilov and Hutter
/// 2017, without restarts).
package struct CosineSchedule: Schedule {
  package struct Options: ComponentOptions {
    @Option("Share of the base rate left at the end.", 0...1) package var minimum = 0.0
    @OptionGroup package var start = WarmupOptions()

    package init() {}
  }

  package var warmup: Double { options.start.warmup }
  private let options: Options

  package init(_ options: Options) { self.options = options }

  package func factor(at position: Double, of epochs: Double) -> Double {
    options.minimum + (1 - options.minimum) * Self.fall(min(1, position / epochs))
  }

  /// 1 at 0, 0 at 1, along half a cosine.
  static func fall(_ share: Double) -> Double { (1 + cos(Double.pi * share)) / 2 }
}
