import NeuralKit
import TensorKit

/// A number to make small.
public protocol Loss: ModelPart where Kind == any Loss {
  /// What it is a number of.
  static var scope: LossScope { get }
  /// - Returns: `[N]`, one value a row, where the scope is `samples`; else `[1]`.
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor
  /// How much each row counts in this loss alone, beside ``Targets/weights``: N numbers of at least 0; nil, where a
  /// loss does not say: all the same. Asked of losses of the scope `samples`, with the targets of the whole step.
  func rowWeights(_ targets: Targets, _ pass: ForwardPass) -> [Float]?
}
extension Loss {
  /// All rows count the same.
  public func rowWeights(_ targets: Targets, _ pass: ForwardPass) -> [Float]? { nil }
}

/// What a loss is a number of. The objective alone averages, so that a step may be cut into pieces.
public enum LossScope: Sendable {
  /// Of each row: `[N]`. The objective takes Σ wₙ·lₙ / Σ wₙ over the whole step, w from
  /// ``Targets/weights`` and ``Loss/rowWeights(_:_:)``.
  case samples
  /// Of all rows together: `[1]`, for losses that sort or pair rows. Over pieces of a step their mean by rows; left out
  /// of validation. Must be defined for one row.
  case batch
  /// Of parameters alone: `[1]`, counted once a step.
  case parameters
}
