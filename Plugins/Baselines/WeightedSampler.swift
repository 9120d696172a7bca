import FERCore
import Foundation
import NeuralKit
import TensorKit

/// Draws with replacement, samples of rare classes more often.
///
///     P(i) = w_i / Σ_j w_j,   w_i = n_c^(−power)   for a sample i of class c, of which there are n_c
///
/// That is a class with probability n_c^(1 − power) / Σ, then one of its samples, each equally likely: with power 1
/// all classes come as often on average, with power 0 all samples.
///
/// Source: PyTorch's `torch.utils.data.WeightedRandomSampler` with `replacement=True`.
final class WeightedSampler: Sampler {
  struct Options: ComponentOptions {
    @Option("How much rare classes are favoured. 0: not at all; 1: all classes come as often.", 0...)
    var power: Float = 1
    @Option("Samples in an epoch. 0: as many as there are.", 0...100_000_000) var count = 0
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    let classes = samples.byClass(samples.indices, classCount: classCount).filter { !$0.isEmpty }
    var ends: [Double] = []
    for members in classes {
      ends.append((ends.last ?? 0) + pow(Double(members.count), 1 - Double(options.power)))
    }
    guard let total = ends.last else { return [] }
    return (0..<(options.count > 0 ? options.count : samples.count)).map { _ in
      let place = Double(random.uniform()) * total
      let members = classes[ends.firstIndex { place < $0 } ?? classes.count - 1]
      return members[random.below(members.count)]
    }
  }
}
