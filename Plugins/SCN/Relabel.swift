import FERCore
import NeuralKit
import TensorKit

/// Takes a training sample for another class once the model is sure enough of that.
///
///     y ← argmax p   where   max p − p[y] > δ
///
/// p is what the model said of the augmented image in the training step itself, y what the sample was taken for in it. A new
/// label counts from the next time on that the sample comes, and may be changed again. Of several classes alike the
/// first is taken.
///
/// Source: Wang et al. 2020, SCN, arXiv:2002.10392, section "Relabeling". The paper looks at the faces that are trusted
/// less; the authors' code, and this, at all of them.
final class Relabel: LabelPolicy {
  /// Whose p decides.
  enum Distribution: String, OptionChoice { case primary, final }

  struct Options: ComponentOptions {
    @Option("The first epoch whose steps relabel, counted from 1.", 1...) var fromEpoch = 10
    @Option("By how much the likeliest class must beat the sample's own, δ₂ in the paper.", 0...1)
    var margin: Float = 0.2
    @Option("Whose distribution decides: the head's own, or the balanced one. The same without corrections.")
    var of = Distribution.final
  }

  private let options: Options
  /// What samples are taken for, by their place; only those that were relabelled.
  private var labels: [Int: Int] = [:]

  init(_ options: Options) { self.options = options }

  func targets(_ given: Targets, for batch: Batch) -> Targets {
    var targets = given
    for (row, index) in batch.indices.enumerated() {
      if let label = labels[index] { targets.relabel(row: row, as: label) }
    }
    return targets
  }

  func observe(_ outcome: Outcome, _ targets: Targets, _ indices: [Int], epoch: Int) {
    guard epoch + 1 >= options.fromEpoch else { return }
    let shares = options.of == .primary ? outcome.primary : outcome.final  // [N, C]
    let decided = Self.labels(of: shares, given: targets.labels, margin: options.margin)
    for (row, label) in decided.enumerated() where label != targets.labels[row] {
      labels[indices[row]] = label
    }
  }

  /// What each row goes on with: its likeliest class where that beats its label by more than the margin, else its label.
  /// - Parameter shares: `[N, C]`
  static func labels(of shares: Tensor, given labels: [Int], margin: Float) -> [Int] {
    let (values, classCount) = (shares.values, shares.shape[1])
    return zip(shares.argmax(), labels).enumerated().map { row, pair in
      let (best, own) = pair
      return values[row * classCount + best] - values[row * classCount + own] > margin ? best : own
    }
  }

  /// Places and labels of the samples that were relabelled, in the order of places.
  var state: ComponentState {
    get {
      let changes = labels.sorted { $0.key < $1.key }
      return ComponentState([
        "samples": changes.map { Double($0.key) }, "labels": changes.map { Double($0.value) },
      ])
    }
    set {
      let whole = { (name: String) in (newValue.numbers[name] ?? []).map { Int($0) } }
      labels = Dictionary(zip(whole("samples"), whole("labels"))) { $1 }
    }
  }

  /// The samples that end with another label than they came with, and how many of each class were taken for which.
  func remarks(on samples: [Sample], classes: [String]) -> [Table] {
    let changes = labels.sorted { $0.key < $1.key }.filter { samples[$0.key].label != $0.value }
    let rows = changes.map { [samples[$0.key].id, classes[samples[$0.key].label], classes[$0.value]] }
    let counts = classes.indices.map { given in
      let own = changes.filter { samples[$0.key].label == given }
      return [classes[given], "\(samples.count { $0.label == given })", "\(own.count)"]
        + classes.indices.map { label in "\(own.count { $0.value == label })" }
    }
    return [
      Table("relabelled", columns: ["id", "given", "taken for"], rows: rows),
      Table(
        "relabelled by class", columns: ["given", "samples", "relabelled"] + classes.map { "for \($0)" },
        rows: counts),
    ]
  }
}
