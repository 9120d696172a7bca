import FERCore
import NeuralKit
import TensorKit

/// Every sample once, in the dataset's order.
public final class SequentialSampler: Sampler {
  /// ``SequentialSampler`` has no settings.
  public typealias Options = NoOptions

  /// Takes no parameters and cannot fail to fit.
  public init(_ options: NoOptions, in context: inout BuildContext) throws {}

  /// Indices into `samples`, in the epoch's order.
  public func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    Array(samples.indices)
  }
}
