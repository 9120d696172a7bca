#if canImport(Glibc)
  import Glibc
#endif

/// The base rate throughout.
public struct ConstantSchedule: Schedule {
  /// The settings, with their defaults.
  public struct Options: ComponentOptions {
    @Option("Epochs over which the rate rises from a hundredth.", 0...) public var warmup = 0.0

    /// The defaults.
    public init() {}
  }

  /// Epochs of warm-up.
  public let warmup: Double
  /// A schedule with these settings.
  public init(_ options: Options) { warmup = options.warmup }
  /// What the base rate is multiplied by, warm-up apart.
  public func factor(at position: Double, of epochs: Double) -> Double { 1 }
}

/// The rate falls to `gamma` of itself every so many epochs.
public struct StepSchedule: Schedule {
  /// The settings, with their defaults.
  public struct Options: ComponentOptions {
    @Option("Epochs between two falls.", 1...) public var every = 30
    @Option("What the rate is multiplied by at each fall.", above: 0) public var gamma = 0.1
    @Option("Epochs over which the rate rises from a hundredth.", 0...) public var warmup = 0.0

    /// The defaults.
    public init() {}
  }

  /// Epochs of warm-up.
  public let warmup: Double
  private let options: Options
  /// A schedule with these settings.
  public init(_ options: Options) { (self.options, warmup) = (options, options.warmup) }
  /// What the base rate is multiplied by, warm-up apart.
  public func factor(at position: Double, of epochs: Double) -> Double {
    pow(options.gamma, (position / Double(options.every)).rounded(.down))
  }
}

/// The rate falls to `gamma` of itself after every epoch.
public struct ExponentialSchedule: Schedule {
  /// The settings, with their defaults.
  public struct Options: ComponentOptions {
    @Option("What the rate is multiplied by after each epoch.", above: 0) public var gamma = 0.995
    @Option("Epochs over which the rate rises from a hundredth.", 0...) public var warmup = 0.0

    /// The defaults.
    public init() {}
  }

  /// Epochs of warm-up.
  public let warmup: Double
  private let gamma: Double
  /// A schedule with these settings.
  public init(_ options: Options) { (gamma, warmup) = (options.gamma, options.warmup) }
  /// What the base rate is multiplied by, warm-up apart.
  public func factor(at position: Double, of epochs: Double) -> Double { pow(gamma, position.rounded(.down)) }
}

/// The rate falls along half a cosine, step by step, to `minimum` of itself at the end (Loshchilov and Hutter
/// 2017, without restarts).
public struct CosineSchedule: Schedule {
  /// The settings, with their defaults.
  public struct Options: ComponentOptions {
    @Option("Share of the base rate left at the end.", 0...1) public var minimum = 0.0
    @Option("Epochs over which the rate rises from a hundredth.", 0...) public var warmup = 0.0

    /// The defaults.
    public init() {}
  }

  /// Epochs of warm-up.
  public let warmup: Double
  private let minimum: Double
  /// A schedule with these settings.
  public init(_ options: Options) { (minimum, warmup) = (options.minimum, options.warmup) }
  /// What the base rate is multiplied by, warm-up apart.
  public func factor(at position: Double, of epochs: Double) -> Double {
    minimum + (1 - minimum) * cosineFall(min(1, position / epochs))
  }
}

/// The rate rises along a cosine from a small one to the base rate, which here is the peak, and falls along
/// another to a far smaller one (Smith and Topin 2018, in the form of `torch.optim.lr_scheduler.OneCycleLR`).
public struct OneCycleSchedule: Schedule {
  /// The settings, with their defaults.
  public struct Options: ComponentOptions {
    @Option("Share of training at which the rate is highest.", 0.01...0.99) public var peak = 0.3
    @Option("The rate starts at the base rate over this.", 1...) public var startDivisor = 25.0
    @Option("The rate ends at its start over this.", 1...) public var endDivisor = 1e4
    @Option("Epochs over which the rate rises from a hundredth, before all this.", 0...) public var warmup =
      0.0

    /// The defaults.
    public init() {}
  }

  /// Epochs of warm-up.
  public let warmup: Double
  private let options: Options
  /// A schedule with these settings.
  public init(_ options: Options) { (self.options, warmup) = (options, options.warmup) }
  /// What the base rate is multiplied by, warm-up apart.
  public func factor(at position: Double, of epochs: Double) -> Double {
    let share = min(1, position / epochs)
    let start = 1 / options.startDivisor
    guard share > options.peak else { return 1 + (start - 1) * cosineFall(share / options.peak) }
    let end = start / options.endDivisor
    return end + (1 - end) * cosineFall((share - options.peak) / (1 - options.peak))
  }
}

/// 1 at 0, 0 at 1, along half a cosine.
private func cosineFall(_ share: Double) -> Double { (1 + cos(Double.pi * share)) / 2 }
