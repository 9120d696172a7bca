import NeuralKit
import TensorKit

/// Decides which samples make an epoch, and in which order.
public protocol Sampler: Component where Kind == any Sampler {
  /// What a label policy learns never reaches it, so that an epoch's order follows from seed and epoch.
  /// - Parameter epoch: counted from 0.
  /// - Parameter random: a source of its own for this epoch.
  /// - Returns: indices into `samples`; one may come twice or not at all.
  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int]
}
