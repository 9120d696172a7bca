import FERCore

/// How a model does on each part of a set: on each person, or on each value of an attribute such as "gender".
///
///     for table in set.breakdowns() { table.name; table.parts.map(\.name); table.final?.worst; table.final?.gap }
package struct Breakdown: Sendable, Equatable {
  /// Samples that have something in common.
  package struct Part: Sendable, Equatable {
    /// What they have in common: a group, or an attribute's value.
    package let name: String
    /// By the head's distribution.
    package let primary: ConfusionMatrix
    /// By the balanced distribution.
    package let final: ConfusionMatrix
    /// How many samples there are.
    package var count: Int { final.total }
  }

  /// The parts between which most lies.
  package struct Extremes: Sendable, Equatable {
    /// The part of the lowest accuracy, the first of equals.
    package let worst: String
    /// The part of the highest accuracy, the first of equals.
    package let best: String
    /// The difference of their accuracies, 0...1.
    package let gap: Double
  }

  /// "group", or the attribute's name.
  package let name: String
  /// In the order of names; every one has samples whose classes are known.
  package let parts: [Part]
  /// How many samples of known classes belong to no part, as nothing is known of them.
  package let unassigned: Int
  /// The fewest samples that make a part count as best or worst.
  package let minimumCount: Int

  /// The best and the worst part by the head's distribution; nil where no part is large enough.
  package var primary: Extremes? { extremes(\.primary) }
  /// The best and the worst part by the balanced distribution; nil where no part is large enough.
  package var final: Extremes? { extremes(\.final) }

  private func extremes(_ matrix: (Part) -> ConfusionMatrix) -> Extremes? {
    let rated = parts.filter { $0.count >= minimumCount }
      .compactMap { part in matrix(part).accuracy.map { (name: part.name, accuracy: $0) } }
    // Both find the first of equals.
    guard let worst = rated.min(by: { $0.accuracy < $1.accuracy }),
      let best = rated.min(by: { $0.accuracy > $1.accuracy })
    else { return nil }
    return Extremes(worst: worst.name, best: best.name, gap: best.accuracy - worst.accuracy)
  }
}

extension EvaluatedSet {
  /// By group, then by each attribute in the order of names; what no sample of known class has is left out.
  /// - Parameter minimumCount: parts of fewer samples are told, but are neither best nor worst: one image of a person
  ///   says little of that person.
  package func breakdowns(minimumCount: Int = 1) -> [Breakdown] {
    let names = Set(samples.flatMap(\.attributes.keys)).sorted()
    let tables =
      [breakdown("group", minimumCount, by: \.group)]
      + names.map { name in breakdown(name, minimumCount) { $0.attributes[name] } }
    return tables.filter { !$0.parts.isEmpty }
  }

  /// - Parameter part: what a sample belongs to; nil or "" where that is not known.
  private func breakdown(
    _ name: String, _ minimumCount: Int, by part: (EvaluatedSample) -> String?
  ) -> Breakdown {
    let known = samples.filter { $0.label != nil }
    var places = [String: [EvaluatedSample]]()
    for sample in known {
      if let key = part(sample), !key.isEmpty { places[key, default: []].append(sample) }
    }
    let parts = places.sorted { $0.key < $1.key }.map { key, members in
      let own = EvaluatedSet(classes: classes, termNames: termNames, samples: members)
      return Breakdown.Part(
        name: key, primary: own.confusion(\.primaryPrediction), final: own.confusion(\.prediction))
    }
    return Breakdown(
      name: name, parts: parts, unassigned: known.count - parts.reduce(0) { $0 + $1.count },
      minimumCount: minimumCount)
  }
}
