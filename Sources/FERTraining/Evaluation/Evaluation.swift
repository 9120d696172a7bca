import FERCore
import FERData
import NeuralKit
import Support
import TensorKit

/// How a model does on a set of images.
package struct Evaluation: Sendable {
  /// What it says of each image, in the order of the set.
  package let set: EvaluatedSet
  /// By the head's distribution.
  package let primary: ConfusionMatrix
  /// By the balanced distribution.
  package let corrected: ConfusionMatrix
  /// The mean of the objective over the images; nil without any.
  package let loss: Double?
  /// Registered numbers beside those of ``primary`` and ``corrected``.
  package let metrics: [(name: String, value: Double?)]
  /// Primary, each correction term and final by themselves; without terms final alone, as it is the primary.
  package let scores: [DistributionScore]
  /// Images that could not be read, and why.
  package let problems: [String]
  /// The embeddings `[N, D]` of the first images, where they were asked for.
  package let embeddings: Tensor?
  /// Evidence that belongs to no sample, such as anchors `[C, K, D]`.
  package let shared: Evidence
  /// How the predictions differ from those in 32-bit floats, where they are not made in them.
  package var difference: PrecisionDifference?
  /// By what primary and final distributions were tempered; nil where they are the model's own. ``loss`` is always of those.
  package var temperatures: Temperatures?

  package init(
    _ set: EvaluatedSet, loss: Double? = nil, metrics: [Metric] = [], problems: [String] = [],
    embeddings: Tensor? = nil, shared: Evidence = [:]
  ) {
    (self.set, self.loss, self.problems, self.embeddings) = (set, loss, problems, embeddings)
    (primary, corrected) = (set.confusion(\.primaryPrediction), set.confusion(\.prediction))
    self.metrics = set.further(metrics)
    scores = set.scores
    self.shared = shared
  }

  /// What is wrong with the balance, a sentence each.
  package var balanceProblems: [String] { self.set.balanceProblems(scores) }

  /// The numbers as one JSON object.
  package var json: String { object.text }

  var object: OrderedObject {
    var result = OrderedObject()
    result.add("images", corrected.total)
    result.add("unreadable", .texts(problems))
    result.add("loss", loss)
    result.add("primary", primary.json(classes: set.classes))
    result.add("corrected", corrected.json(classes: set.classes))
    addScores(to: &result)
    if let difference { result.add("precision", difference.object()) }
    if let temperatures { result.add("temperatures", temperatures.json) }
    return result
  }

  /// What the balance is made of, and registered numbers, where there are any.
  func addScores(to object: inout OrderedObject) {
    if !scores.isEmpty {
      object.add("distributions", scores.map(\.json))
      object.add("warnings", .texts(balanceProblems))
    }
    guard !metrics.isEmpty else { return }
    var values = OrderedObject()
    for metric in metrics { values.add(metric.name, metric.value) }
    object.add("metrics", values)
  }
}

/// Runs a model over images in evaluation mode.
package struct Evaluator {
  let model: ExpressionModel
  let batchSize: Int
  let precision: Precision
  let temperatures: Temperatures?
  private let metrics: [Metric]
  private let pass: ForwardPass

  /// An evaluator that takes so many images at a time.
  /// - Parameter temperatures: by which primary and final distributions are tempered; nil leaves them as they are.
  /// - Precondition: this process has the precision.
  package init(
    _ model: ExpressionModel, batchSize: Int, precision: Precision = .float32, metrics: [Metric] = [],
    temperatures: Temperatures? = nil
  ) {
    (self.model, self.batchSize, self.precision, self.metrics) = (model, batchSize, precision, metrics)
    self.temperatures = temperatures
    pass = .evaluation(in: precision)
  }

  /// Runs over all samples in their order.
  /// - Parameter ranks: who shares the work: whole batches, so that no number depends on how many there are. All have the
  ///   same answer, but for the shared evidence, which a rank without images has not.
  /// - Parameter keepsEmbeddings: whether the embeddings are kept; of very many images those of the first.
  /// - Parameter tick: told of the images done here; throws to stop.
  /// - Parameter observe: told of the outcome of each batch that is done here, in their order.
  package func evaluate(
    _ source: some BatchSource, on ranks: any Collective = SingleProcess(), keepsEmbeddings: Bool = false,
    tick: (Int) throws -> Void = { _ in }, observe: (Outcome) -> Void = { _ in }
  ) throws -> Evaluation {
    var found = EvaluatedShare()
    let samples = source.samples
    let share = EvaluatedShare.batches((samples.count + batchSize - 1) / batchSize, of: ranks)
    let order = Array(
      samples.indices.prefix(share.upperBound * batchSize).dropFirst(share.lowerBound * batchSize))
    let stream = try source.stream(BatchRequest(order: order, batchSize: batchSize))
    var interruption: InterruptedBySignal?
    do {
      while let batch = try stream.next() {
        let own = batch.indices.map { samples[$0] }
        if let problem = batch.imageProblem(ids: own.map(\.id)) { throw RunProblem.failure(problem) }
        let isFirst = found.rows.isEmpty
        let outcome = try model(batch.images, pass, isThorough: isFirst)
        let targets = Targets(of: own, classCount: model.classes.count)
        let value = try model.objective(outcome, against: targets, pass, isThorough: isFirst)
        found.losses += [value.total.item, Float(own.count)]
        found.indices += batch.indices
        found.rows += tempered(outcome.evaluated(ids: own.map(\.id), of: own))
        observe(outcome)
        found.termNames = outcome.terms.map(\.name)
        found.shared = outcome.evidence.filter { $0.key.layout == .shared }.mapValues(\.detached)
        let place = (share.lowerBound + batch.number) * batchSize
        if keepsEmbeddings, place * outcome.embedding.shape[1] < Self.mostEmbeddingValues {
          found.embeddings.append(outcome.embedding.detached)
        }
        try tick(found.rows.count)
      }
    } catch let stop as InterruptedBySignal where ranks.size > 1 { interruption = stop }
    // Shares, and machines, may differ by more than anybody's patience.
    try ranks.barrier()
    if let signal = try ranks.agreed(interruption?.signal) { throw InterruptedBySignal(signal: signal) }
    found.problems = stream.problems
    try found.join(on: ranks, samples: samples)
    var evaluation = Evaluation(
      EvaluatedSet(classes: model.classes, termNames: found.termNames, samples: found.rows),
      loss: found.loss, metrics: metrics, problems: source.problems + found.problems,
      embeddings: found.embeddings.isEmpty ? nil : .concatenated(found.embeddings, along: 0),
      shared: found.shared)
    evaluation.temperatures = temperatures
    return evaluation
  }

  /// What the model says of images whose classes nobody knows.
  /// - Parameter images: `[n·V, size, size, 3]` of the n images of these names.
  /// - Throws: `ComponentFault`.
  package func predict(_ images: Tensor, ids: [String]) throws -> [EvaluatedSample] {
    tempered(try model(images, pass, isThorough: true).evaluated(ids: ids))
  }

  private func tempered(_ rows: [EvaluatedSample]) -> [EvaluatedSample] {
    temperatures.map { rows.map($0.applied) } ?? rows
  }

  /// How many numbers of embeddings are kept: 256 MB.
  private static let mostEmbeddingValues = 1 << 26
}

extension Outcome {
  /// What it says of each row.
  /// - Parameter samples: what is known of the rows; none for images whose classes nobody knows.
  package func evaluated(ids: [String], of samples: [Sample] = []) -> [EvaluatedSample] {
    let (primary, final, terms) = (primary.rows, final.rows, terms.map(\.distribution.rows))
    let nearest = nearestPoints
    let evidence = evidence.filter { [.sample, .views, .map].contains($0.key.layout) }
      .mapValues { ($0.shape, $0.values) }
    return ids.indices.map { index in
      var row = EvaluatedSample(
        id: ids[index], label: nil, primary: primary[index], terms: terms.map { $0[index] },
        final: final[index])
      if samples.indices.contains(index) {
        (row.label, row.group, row.attributes) = (
          samples[index].label, samples[index].group, samples[index].attributes
        )
      }
      row.nearest = nearest.mapValues { $0[index] }
      row.evidence = evidence.mapValues { shape, values in
        let (height, width) = (shape.count == 3 ? shape[1] : 1, shape[shape.count - 1])
        return (0..<height).map { line in
          Array(values[(index * height + line) * width..<(index * height + line + 1) * width])
        }
      }
      return row
    }
  }
}

extension Outcome {
  /// How many of the nearest points of classes are told of each sample.
  private static let nearestCount = 3

  /// Of each shared evidence that is points of classes, for each row the few that lie nearest to its embedding; of equally
  /// near ones the first.
  private var nearestPoints: [EvidenceKey: [[NearPoint]]] {
    let (count, size) = (embedding.shape[0], embedding.shape[1])
    let marks = evidence.classPoints(classCount: primary.shape[1], embeddingSize: size)
    return Dictionary(
      uniqueKeysWithValues: marks.map { key, points in
        let each = points.shape[1]
        let faces = embedding.detached.reshaped([count, 1, size])
        let gaps = faces - points.detached.reshaped([-1, size])  // [N, C·K, D]
        let distances = gaps.squared().sum(along: 2).squareRoot().rows
        return (
          key,
          distances.map { row in
            row.indices.sorted { (row[$0], $0) < (row[$1], $1) }.prefix(Self.nearestCount)
              .map { NearPoint(label: $0 / each, distance: row[$0]) }
          }
        )
      })
  }
}

extension Tensor {
  /// The rows of a matrix.
  fileprivate var rows: [[Float]] {
    let (all, width) = (values, shape[1])
    return (0..<shape[0]).map { Array(all[$0 * width..<($0 + 1) * width]) }
  }
}

extension [String] {
  /// A sentence on images that could not be read, of which these are the names and reasons.
  /// - Parameter file: where all of them stand.
  package func asLeftOut(atMost limit: Int = 20, all file: String = "") -> String {
    let rest =
      count > limit ? ["and \(count - limit) more" + (file.isEmpty ? "" : "; all are in \(file)")] : []
    return
      "\(count) image\(count == 1 ? "" : "s") could not be read and \(count == 1 ? "was" : "were") left out:\n  "
      + (prefix(limit) + rest).joined(separator: "\n  ")
  }
}
