import FERTraining
import FERCore
import NeuralKit
import Support

/// Something worth knowing about a dataset.
package struct DataFinding: Sendable {
  /// What it means for somebody who wants to train.
  package enum Weight: String, Sendable {
    /// Training would stop.
    case problem
    /// Training would run; its numbers may not mean what they seem to.
    case warning
    /// Good to know.
    case note
  }

  /// A word that stays the same between versions: "duplicates-across-splits".
  package let kind: String
  package let weight: Weight
  /// The sentence.
  package let message: String
  /// The images, classes or groups it is about, each in a line; all of them.
  package let items: [String]

  init(_ weight: Weight, _ kind: String, _ message: String, _ items: [String] = []) {
    (self.weight, self.kind, self.message, self.items) = (weight, kind, message, items)
  }

  /// How many items people are shown.
  static let shown = 10

  /// The sentence, and the first items each in a line.
  var text: String {
    let rest = items.count - Self.shown
    return
      ([message] + items.prefix(Self.shown).map { "      \($0.printable)" }
      + (rest > 0 ? ["      and \(rest) more"] : [])).joined(separator: "\n")
  }

  var json: OrderedObject {
    var result = OrderedObject()
    result.add("kind", kind)
    result.add("weight", weight.rawValue)
    result.add("message", message)
    result.add("items", .texts(items))
    return result
  }
}
