import FERCore
import NeuralKit
import TensorKit

/// Every sample once, in random order.
final class ShuffledSampler: Sampler {
  typealias Options = NoOptions

  init(_ options: NoOptions) {}

  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    return random.shuffled(Array(samples.indices))
  }
}
