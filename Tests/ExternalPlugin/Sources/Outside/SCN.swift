import ARBEx

extension EvidenceKey {
  /// How much SCN trusts a sample `[N, 1]`, between 0 and 1.
  static let importance = EvidenceKey("importance", .sample)
}

/// Class scores that count as much as their sample is trusted.
///
///     α = σ(q · e + c)
///     logits = α (W e + b)
///
/// Source: Wang et al. 2020, Suppressing Uncertainties for Large-Scale Facial Expression Recognition (SCN).
///
/// ## Shapes
/// embedding `[N, D]` → logits `[N, C]`, α `[N, 1]`
final class SelfCureHead: Head {
  typealias Options = NoOptions

  private let trust, scores: Linear

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    let size = try context.embeddingSize()
    trust = Linear(from: size, to: 1, in: context.scope / "alpha")
    scores = Linear(from: size, to: context.classCount, in: context.scope / "fc")
  }

  static func provides(_ options: NoOptions) -> [EvidenceKey] { [.importance] }

  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    let importance = trust(encoding.embedding, pass).sigmoid()  // [N, 1]
    return HeadOutput(
      logits: scores(encoding.embedding, pass) * importance, evidence: [.importance: importance])
  }
}

/// Keeps the most trusted samples of a batch apart from the others.
///
///     L = max(0, margin − (mean of the ⌊share · N⌋ largest α − mean of the other α))
///
/// 0 where one of the two groups is empty, as in a batch of one. Source: as ``SelfCureHead``.
///
/// ## Shapes
/// α `[N, 1]` → `[1]`
final class RankRegularization: Loss {
  struct Options: ComponentOptions {
    @Option("Share of the batch that is to be trusted more.", above: 0) var share = 0.7
    @Option("How much more, in importance.", 0...1) var margin: Float = 0.15

    func issues() -> [OptionIssue] { share < 1 ? [] : [OptionIssue("share", "must be below 1, is \(share)")] }
  }

  static let scope = LossScope.batch
  private let options: Options

  init(_ options: Options, in context: inout BuildContext) { self.options = options }

  static func requires(_ options: Options) -> [EvidenceKey] { [.importance] }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    guard let importance = outcome.evidence[.importance] else { return .zeros([1]) }
    let values = importance.values
    let trusted = Int(Double(values.count) * options.share)
    guard trusted > 0, trusted < values.count else { return importance.sum() * 0 }
    let ranked = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
    var factors = [Float](repeating: -1 / Float(values.count - trusted), count: values.count)
    for row in ranked.prefix(trusted) { factors[row] = 1 / Float(trusted) }
    return (options.margin - (importance * Tensor(importance.shape, factors)).sum()).relu()
  }
}

/// Takes a sample for another class once the model is sure enough of that.
///
/// From an epoch on, after each step: where the likeliest class beats the sample's own by more than a margin, the sample
/// is taken for it from then on. Source: as ``SelfCureHead``; the published code looks at all samples, not only at those
/// that are trusted less.
final class Relabel: LabelPolicy {
  enum Distribution: String, OptionChoice { case primary, final }

  struct Options: ComponentOptions {
    @Option("The first epoch that relabels, counted from 1.", 1...) var fromEpoch = 10
    @Option("By how much the likeliest class must beat the sample's own.", 0...1) var margin: Float = 0.2
    @Option("Whose distribution decides.") var of = Distribution.final
  }

  private let options: Options
  /// The new labels, by the sample's place.
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
    let (values, classCount) = (shares.values, shares.shape[1])
    for (row, best) in shares.argmax().enumerated() {
      let start = row * classCount
      let lead = values[start + best] - values[start + targets.labels[row]]
      if lead > options.margin { labels[indices[row]] = best }
    }
  }

  var state: ComponentState {
    get {
      let places = labels.keys.sorted()
      return ComponentState([
        "samples": places.map(Double.init), "labels": places.map { Double(labels[$0] ?? 0) },
      ])
    }
    set {
      let columns = ["samples", "labels"].map { (newValue.numbers[$0] ?? []).compactMap { Int(exactly: $0) } }
      labels = Dictionary(zip(columns[0], columns[1])) { $1 }
    }
  }

  func remarks(on samples: [Sample], classes: [String]) -> [Table] {
    let rows = labels.sorted { $0.key < $1.key }.filter { samples[$0.key].label != $0.value }.map {
      [samples[$0.key].id, classes[samples[$0.key].label], classes[$0.value]]
    }
    return [Table("relabelled", columns: ["sample", "given", "taken for"], rows: rows)]
  }
}
