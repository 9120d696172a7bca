import FERCore
import Support

/// The images whose labels are probably wrong, the worst first.
package struct SuspectList {
  /// How many of the labels that the recipe replaced stand at the front of a list.
  package struct Recovery: Sendable, Equatable {
    /// The distribution that orders the list: "primary" or "final".
    package let name: String
    /// How long the list is, how many labels were replaced, how many of these it holds, and how many images there are.
    package let length, replaced, found, images: Int

    /// The share of the replaced labels that the list holds.
    package var share: Double { Double(found) / Double(max(1, replaced)) }
    /// What that would be by chance.
    package var chance: Double { Double(length) / Double(max(1, images)) }
  }

  /// What the models say of all images, with the labels that the others were trained on.
  package let set: EvaluatedSet
  /// By each of the two distributions.
  package let primary, final: ConfidentLearning
  /// How many images are suspects.
  package let count: Int
  private let given: [Int]
  private let stored: [Int]
  private let folds: [Int]

  /// - Parameter set: every sample labelled.
  /// - Parameter stored: the label that each image has in its dataset; another one where the recipe replaced it.
  /// - Parameter folds: of each image, counted from 0.
  /// - Parameter count: how long the list is; nil for as many as confident learning counts by the final distribution.
  package init(_ set: EvaluatedSet, stored: [Int], folds: [Int], count: Int? = nil) {
    let distributions = set.distributions
    let empty = LabelledDistributions(name: "final", rows: [], labels: [])
    primary = ConfidentLearning(distributions.first ?? empty)
    final = ConfidentLearning(distributions.last ?? empty)
    (self.set, self.stored, self.folds) = (set, stored, folds)
    given = set.samples.compactMap(\.label)
    self.count = min(count ?? final.estimatedErrors, set.samples.count)
  }

  /// The suspects, as places in ``set``, by the final distribution.
  package var places: ArraySlice<Int> { final.order.prefix(count) }

  /// The images whose label the recipe replaced.
  package var replaced: Set<Int> { Set(given.indices.filter { given[$0] != stored[$0] }) }

  /// What lists by primary and by final hold of the replaced labels: of as many images as were replaced, and where that is
  /// another number, of as many as there are suspects. Empty where the recipe replaced none.
  package var recoveries: [Recovery] {
    let replaced = replaced
    guard !replaced.isEmpty else { return [] }
    let lengths = [replaced.count] + (count == replaced.count ? [] : [count])
    return lengths.flatMap { length in
      [("primary", primary), ("final", final)].map { name, learned in
        Recovery(
          name: name, length: length, replaced: replaced.count,
          found: learned.order.prefix(length).count { replaced.contains($0) }, images: given.count)
      }
    }
  }

  /// The suspects as a file's text (RFC 4180).
  package var csv: String {
    let replaced = replaced
    let header = [
      "image", "given label", "suggested label", "primary score", "final score", "confidence", "fold",
    ]
    let rows = places.map { place -> [String] in
      let (row, label) = (set.samples[place], given[place])
      let numbers = [primary.scores[place], final.scores[place], Double(row.confidence)].map { "\($0)" }
      return [row.id, set.classes[label], set.classes[final.suggestions[place]]] + numbers + [
        "\(folds[place] + 1)"
      ]
        + (replaced.isEmpty ? [] : [set.classes[stored[place]]])
    }
    return CSV.text([header + (replaced.isEmpty ? [] : ["label in the data"])] + rows)
  }

  /// The first few, and what there is to say of all, for people.
  package func text(first shown: Int = 10) -> String {
    let percent = { (share: Double) in (100 * share).rounded(places: 1) + " %" }
    let agreement = set.distributions.compactMap(\.score)
    let shares = [agreement.first, agreement.last].map { $0.map { percent($0.accuracy) } ?? "-" }
    var lines = [
      "\(given.count) images, each judged by a model that was trained without it: primary agrees with \(shares[0]) of "
        + "the labels, final with \(shares[1])",
      "wrong labels by confident learning: \(primary.estimatedErrors) by primary, \(final.estimatedErrors) by final",
    ]
    lines += recoveries.map {
      "replaced labels among the \($0.length) worst by \($0.name): \($0.found) of \($0.replaced), \(percent($0.share)); "
        + "by chance \(percent($0.chance))"
    }
    guard count > 0 else { return lines.joined(separator: "\n") }
    let rows = places.prefix(shown).map { place in
      [
        set.samples[place].id.printable, set.classes[given[place]].printable,
        set.classes[final.suggestions[place]].printable, final.scores[place].rounded(places: 3),
      ]
    }
    lines += ["", TextTable.text([["the worst", "given", "suggested", "score"]] + rows, words: 3)]
    return lines.joined(separator: "\n")
  }

  /// The same for programs, with all suspects.
  package var json: OrderedObject {
    var result = OrderedObject()
    result.add("images", given.count)
    var estimates = OrderedObject()
    estimates.add("primary", primary.estimatedErrors)
    estimates.add("final", final.estimatedErrors)
    result.add("estimatedErrors", estimates)
    result.add(
      "suspects",
      places.map { place in
        var suspect = OrderedObject()
        suspect.add("image", set.samples[place].id)
        suspect.add("given", set.classes[given[place]])
        suspect.add("suggested", set.classes[final.suggestions[place]])
        suspect.add("primaryScore", primary.scores[place])
        suspect.add("finalScore", final.scores[place])
        suspect.add("fold", folds[place] + 1)
        return suspect
      })
    result.add(
      "replaced",
      recoveries.map { recovery in
        var found = OrderedObject()
        found.add("distribution", recovery.name)
        found.add("length", recovery.length)
        found.add("replaced", recovery.replaced)
        found.add("found", recovery.found)
        found.add("share", recovery.share)
        found.add("chance", recovery.chance)
        return found
      })
    return result
  }

  /// The given label of a place, and the suggested one, as names.
  func names(at place: Int) -> (given: String, suggested: String) {
    (set.classes[given[place]], set.classes[final.suggestions[place]])
  }
}
