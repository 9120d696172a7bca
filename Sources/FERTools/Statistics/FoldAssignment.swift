import FERCore
import FERTraining
import TensorKit

/// Samples dealt into folds, so that each can be judged by a model that was trained without it.
///
/// What belongs together (a person, a video) lies in one fold: a model that knows the person knows more than the image shows.
/// Groups are dealt the largest first, each to the fold that has least of the classes that it brings, then the samples without
/// a group, class by class. Of these alone, no two folds differ by more than one in any class, nor in all.
package struct FoldAssignment: Sendable, Equatable {
  /// How many folds there are, at least 2.
  package let count: Int
  /// The fold of each sample, counted from 0.
  package let folds: [Int]

  /// - Parameter seed: decides who goes where among equals.
  /// - Throws: ``RunProblem`` where there are fewer than two folds, or not enough to fill them.
  package init(_ samples: [Sample], count: Int, classCount: Int, seed: UInt64) throws(RunProblem) {
    guard count >= 2 else { throw .request("samples are dealt into at least 2 folds, not \(count)") }
    let groups = Dictionary(grouping: samples.indices.filter { !samples[$0].group.isEmpty }) {
      samples[$0].group
    }
    let single = samples.indices.filter { samples[$0].group.isEmpty }.map { [$0] }
    // Dictionaries have no order of their own.
    let units = groups.values.sorted { $0[0] < $1[0] } + single
    guard units.count >= count else {
      let what = groups.isEmpty ? "images" : "groups (persons, videos) and images without one"
      throw .request("\(count) folds need at least \(count) \(what); there are \(units.count)")
    }
    var random = RandomSource(seed: seed, stream: "folds")
    let ranks = random.shuffled(Array(units.indices))
    let order = units.indices.sorted { first, second in
      let (a, b) = (units[first], units[second])
      if a.count != b.count { return a.count > b.count }
      return (samples[a[0]].label, ranks[first]) < (samples[b[0]].label, ranks[second])
    }
    var folds = [Int](repeating: 0, count: samples.count)
    var filled = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: count)
    var sizes = [Int](repeating: 0, count: count)
    let totals = samples.reduce(into: [Int](repeating: 0, count: classCount)) { $0[$1.label] += 1 }
    for unit in order.map({ units[$0] }) {
      let brings = unit.reduce(into: [Int](repeating: 0, count: classCount)) { $0[samples[$1].label] += 1 }
      // How full a fold is already of what the unit brings.
      let fullness = filled.map { fold in
        brings.indices.reduce(0.0) { $0 + Double(brings[$1] * fold[$1]) / Double(max(1, totals[$1])) }
      }
      let best = (0..<count).min { (fullness[$0], sizes[$0], $0) < (fullness[$1], sizes[$1], $1) } ?? 0
      for index in unit { folds[index] = best }
      for label in brings.indices { filled[best][label] += brings[label] }
      sizes[best] += unit.count
    }
    (self.count, self.folds) = (count, folds)
  }

  /// The samples of a fold.
  package func places(in fold: Int) -> [Int] { folds.indices.filter { folds[$0] == fold } }
  /// The samples of all other folds.
  package func places(outside fold: Int) -> [Int] { folds.indices.filter { folds[$0] != fold } }
}
