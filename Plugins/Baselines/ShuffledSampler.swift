import FERCore
import NeuralKit
import TensorKit

/// Every sample once, in random order.
public final class ShuffledSampler: Sampler {
  /// ``ShuffledSampler`` has no settings.
  public typealias Options = NoOptions

  /// Takes no parameters and cannot fail to fit.
  public init(_ options: NoOptions, in context: inout BuildContext) throws {}

  /// Indices into `samples`, in the epoch's order.
  public func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    return random.shuffled(Array(samples.indices))
  }
}
