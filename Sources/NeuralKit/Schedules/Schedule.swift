/// How far training has come when a step begins.
public struct TrainingProgress: Sendable, Equatable {
  /// Epochs completed.
  public var epoch: Int { Int(position) }
  /// Epochs completed with the share of the current one: 2.5 in the middle of the third.
  public var position: Double
  /// Epochs planned.
  public var epochs: Int

  /// A moment of training.
  public init(position: Double, epochs: Int) {
    self.position = position
    self.epochs = epochs
  }
}

/// Lets the learning rate change over training.
///
/// Every schedule can warm up: over its first `warmup` epochs the rate rises in a straight line from a hundredth
/// to the whole of where the schedule starts, which then runs over the epochs that remain.
public protocol Schedule: Component where Kind == any Schedule {
  /// Epochs of warm-up.
  var warmup: Double { get }
  /// What the base rate is multiplied by, warm-up apart.
  /// - Parameter position: epochs since the end of the warm-up, with the share of the current one.
  /// - Parameter epochs: epochs from the end of the warm-up to the end of training.
  func factor(at position: Double, of epochs: Double) -> Double
}
extension Schedule {

  /// The rate of the step that begins at `progress`.
  public func learningRate(base: Float, at progress: TrainingProgress) -> Float {
    let start = 0.01  // the share of the rate that warming up begins with
    let rising = warmup > 0 ? min(1, start + (1 - start) * progress.position / warmup) : 1
    let rest = max(Double(progress.epochs) - warmup, 1e-9)
    return Float(Double(base) * rising * factor(at: max(0, progress.position - warmup), of: rest))
  }
}
