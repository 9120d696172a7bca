import FERCore
import NeuralKit
import TensorKit

/// Every sample once, in the dataset's order.
final class SequentialSampler: Sampler {
  typealias Options = NoOptions

  init(_ options: NoOptions) {}

  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    Array(samples.indices)
  }
}
