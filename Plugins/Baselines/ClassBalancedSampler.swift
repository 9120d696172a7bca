import FERCore
import NeuralKit
import TensorKit

/// The same number of samples of every class, in random order.
///
/// A class with enough samples is drawn from without replacement; a rarer one with replacement, so that its
/// samples repeat. Classes without any sample are left out.
final class ClassBalancedSampler: Sampler {
  struct Options: ComponentOptions {
    @Option(
      "Samples of each class in an epoch. 0: the mean size of the classes, so that an epoch keeps its length.",
      0...1_000_000)
    var perClass = 0
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    let classes = samples.byClass(samples.indices, classCount: classCount).filter { !$0.isEmpty }
    guard !classes.isEmpty else { return [] }
    let share = options.perClass > 0 ? options.perClass : (samples.count + classes.count - 1) / classes.count
    let chosen = classes.flatMap { members in
      members.count >= share
        ? Array(random.shuffled(members).prefix(share))
        : (0..<share).map { _ in members[random.below(members.count)] }
    }
    return random.shuffled(chosen)
  }
}
