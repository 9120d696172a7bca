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
public final class RefinementSampler: Sampler {
  /// The settings of ``RefinementSampler``.
  public struct Options: ComponentOptions {
    @Option("Samples of each group that enter an epoch's pool, N.", 1...)
    public var perGroup = 512
    @Option("Samples of each class in an epoch, M.", 1...)
    public var perClass = 500

    /// The defaults.
    public init() {}
  }

  private let options: Options

  /// Takes no parameters and cannot fail to fit.
  public init(_ options: Options, in context: inout BuildContext) throws {
    self.options = options
  }

  /// Indices into `samples`, in the epoch's order.
  public func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
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
    let byClass = indices(pool, of: samples, byClass: classCount)
    let chosen = byClass.flatMap { random.shuffled($0).prefix(options.perClass) }
    return random.shuffled(chosen)
  }
}

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

/// The same number of samples of every class, in random order.
///
/// A class with enough samples is drawn from without replacement; a rarer one with replacement, so that its
/// samples repeat. Classes without any sample are left out.
public final class ClassBalancedSampler: Sampler {
  /// The settings of ``ClassBalancedSampler``.
  public struct Options: ComponentOptions {
    @Option(
      "Samples of each class in an epoch. 0: the mean size of the classes, so that an epoch keeps its length.",
      0...)
    public var perClass = 0

    /// The defaults.
    public init() {}
  }

  private let options: Options

  /// Takes no parameters and cannot fail to fit.
  public init(_ options: Options, in context: inout BuildContext) throws {
    self.options = options
  }

  /// Indices into `samples`, in the epoch's order.
  public func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
    var random = random
    let classes = indices(Array(samples.indices), of: samples, byClass: classCount).filter { !$0.isEmpty }
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

/// `chosen` cut into one list for each class, each in the order given.
private func indices(_ chosen: [Int], of samples: [Sample], byClass classCount: Int) -> [[Int]] {
  var classes = [[Int]](repeating: [], count: classCount)
  for index in chosen { classes[samples[index].label].append(index) }
  return classes
}
