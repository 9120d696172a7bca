import FERCore
import FERTraining
import Support

/// Runs that differ only in their seed.
package struct RunGroup {
  /// What its runs' names have in common, or the one run's name.
  package let name: String
  /// In the order in which they were named.
  package let runs: [ComparedRun]
  /// The numbers of each run, in the same order.
  package let scores: [RunScores]

  /// - Precondition: there is a run.
  init(_ runs: [ComparedRun]) {
    require(!runs.isEmpty, "RunGroup: no runs")
    self.runs = runs
    scores = runs.map { RunScores($0.set) }
    name = Self.name(for: runs.map(\.name))
  }

  /// The seeds, in the order of the runs.
  package var seeds: [UInt64] { runs.map(\.recipe.seed) }

  /// A quantity by seed; runs for which it is undefined are left out.
  func values(_ quantity: Quantity<RunScores>) -> [UInt64: Double] {
    Dictionary(
      zip(seeds, scores).compactMap { seed, scores in quantity.value(scores).map { (seed, $0) } }
    ) { first, _ in first }
  }

  /// Cuts runs into groups, in the order of the first run of each. A run whose seed a group has already makes a group of
  /// its own: it says nothing of chance.
  static func groups(of runs: [ComparedRun]) -> [RunGroup] {
    var groups: [(key: String, runs: [ComparedRun])] = []
    for run in runs {
      let key = run.kind
      let place = groups.firstIndex { group in
        group.key == key && !group.runs.contains { $0.recipe.seed == run.recipe.seed }
      }
      if let place { groups[place].runs.append(run) } else { groups.append((key, [run])) }
    }
    return groups.map { RunGroup($0.runs) }
  }

  /// "K=1/seed-*"
  static func name(for names: [String]) -> String {
    guard names.count > 1, let first = names.first else { return names.first ?? "" }
    let shared = first.indices.prefix { place in
      names.allSatisfy { $0.hasPrefix(first[...place]) }
    }
    return shared.isEmpty ? names.joined(separator: ", ") : first.prefix(shared.count) + "*"
  }
}

extension ComparedRun {
  /// Values of a recipe that make no other experiment of it: how it is called, where its randomness comes from, and what
  /// cannot change a result.
  static let unessential = ["name", "seed", "training.logSteps"] + RecipeChanges.ofNoNumber

  /// The recipe's values that make the experiment, as text by path.
  var settings: [String: String] {
    recipe.effective.textsByPath.filter { !Self.unessential.contains($0.key) }
  }

  /// Equal for runs that differ only in their seed.
  fileprivate var kind: String {
    ([weights.rawValue] + settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
      .joined(separator: "\n")
  }
}
