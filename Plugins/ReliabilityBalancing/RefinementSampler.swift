import FERCore
import NeuralKit
import TensorKit

/// The refinement sampler of ARBEx: an epoch takes a little of every group, then as much of every class.
///
///     pool  = at most N samples of each group, drawn at random
///     epoch = at most M samples of each class, drawn at random from the pool (all where there are fewer), shuffled
///
/// A group is a video or a person: neighbouring frames are nearly the same image. Samples without a group all
/// enter the pool.
///
/// Source: Wasi et al. 2023, ARBEx, arXiv:2305.01486, section 4.2.2 (N = 512, M = 500).
final class RefinementSampler: Sampler {
  struct Options: ComponentOptions {
    @Option("Samples of each group that enter an epoch's pool, N.", 1...) var perGroup = 512
    @Option("Samples of each class in an epoch, M.", 1...) var perClass = 500
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    var groups: [[Int]] = []
    var placeOfGroup: [String: Int] = [:]
    var pool: [Int] = []
    for (index, sample) in samples.enumerated() {
      if sample.group.isEmpty {
        pool.append(index)
      } else if let place = placeOfGroup[sample.group] {
        groups[place].append(index)
      } else {
        placeOfGroup[sample.group] = groups.count
        groups.append([index])
      }
    }
    for group in groups { pool += random.shuffled(group).prefix(options.perGroup) }
    let byClass = samples.byClass(pool, classCount: classCount)
    let chosen = byClass.flatMap { random.shuffled($0).prefix(options.perClass) }
    return random.shuffled(chosen)
  }
}
