import FERCore
import NeuralKit
import TensorKit

/// Every sample at least once, those of rare classes several times, in random order.
///
///     r_c = max(1, √(t / f_c)),   f_c = the share of class c among the samples
///
/// Each sample of class c comes ⌊r_c⌋ times, and once more with probability r_c − ⌊r_c⌋, drawn anew in every epoch; or
/// ⌈r_c⌉ times, rounding up, as the `ClassBalancedDataset` of OpenMMLab's MMClassification has it.
///
/// Source: Gupta et al. 2019, LVIS, arXiv:1908.03195, section 4.1. There an image has several classes and takes the
/// largest of their factors; here it has one. The paper's t = 0.001 is for more than 1000 classes.
final class RepeatFactorSampler: Sampler {
  struct Options: ComponentOptions {
    @Option("Share of a class below which its samples are repeated, t.", 0...1) var threshold: Float = 0.1
    @Option(
      "What becomes of the fraction of a factor: a chance of one more, drawn in each epoch, or always one more."
    )
    var rounding = Rounding.random

    enum Rounding: String, OptionChoice { case random, up }
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    let classes = samples.byClass(samples.indices, classCount: classCount).filter { !$0.isEmpty }
    let chosen = classes.flatMap { members in
      let share = Float(members.count) / Float(samples.count)
      let factor = max(1, (options.threshold / share).squareRoot())
      return members.flatMap { index in
        let fraction = factor - factor.rounded(.down)
        let isOnceMore = options.rounding == .up ? fraction > 0 : random.uniform() < fraction
        return [Int](repeating: index, count: Int(factor) + (isOnceMore ? 1 : 0))
      }
    }
    return random.shuffled(chosen)
  }
}
