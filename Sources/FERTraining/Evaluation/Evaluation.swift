import FERCore
import NeuralKit
import TensorKit
import Support

/// What a model says of one image.
public struct PredictionRow: Sendable, Equatable {
  /// The image's name.
  public var id: String
  /// Its class, where it is known.
  public var label: Int?
  /// The head's distribution.
  public var primary: [Float]
  /// Each correction term's distribution, in the order of the terms' names.
  public var terms: [[Float]]
  /// The balanced distribution.
  public var final: [Float]

  /// The class of the balanced distribution.
  public var prediction: Int { final.firstMaximum }
  /// The class of the head's distribution.
  public var primaryPrediction: Int { primary.firstMaximum }
  /// 1 - H/ln C of the balanced distribution: 0 unsure, 1 sure.
  public var confidence: Float { Tensor([1, final.count], final).confidence().item }
}

/// How a model does on a set of images.
public struct Evaluation: Sendable {
  /// The class names, in the order of every distribution.
  public var classes: [String]
  /// The correction terms' names.
  public var termNames: [String] = []
  /// By the head's distribution.
  public var primary: ConfusionMatrix
  /// By the balanced distribution.
  public var corrected: ConfusionMatrix
  /// The mean of the objective over the images.
  public var loss: Double?
  /// Each image, in the order of the set.
  public var rows: [PredictionRow] = []
  /// Images that could not be read, and why.
  public var problems: [String] = []
  /// The embeddings `[N, D]` of the images, where they were asked for.
  public var embeddings: Tensor?
  /// How the predictions differ from those in 32-bit floats, where they are not made in them.
  public var difference: PrecisionDifference?
  /// The anchors `[C, K, D]`, where a correction has some.
  public var anchors: Tensor?

  init(classes: [String]) {
    self.classes = classes
    primary = ConfusionMatrix(classCount: classes.count)
    corrected = ConfusionMatrix(classCount: classes.count)
  }

  /// The numbers as one JSON object.
  public var json: String { object.text }

  var object: OrderedObject {
    var result = OrderedObject()
    result.add("images", corrected.total)
    result.add("unreadable", .array(problems.map(JSONValue.string)))
    result.add("loss", loss)
    result.add("primary", primary.json(classes: classes))
    result.add("corrected", corrected.json(classes: classes))
    if let difference { result.add("precision", difference.object) }
    return result
  }
}

/// Runs a model over images in evaluation mode.
public struct Evaluator {
  let model: ExpressionModel
  let batchSize: Int
  let precision: Precision
  private let pass: ForwardPass

  /// An evaluator that takes so many images at a time.
  /// - Precondition: this process has the precision.
  public init(_ model: ExpressionModel, batchSize: Int, precision: Precision = .float32) {
    (self.model, self.batchSize, self.precision) = (model, batchSize, precision)
    pass = .evaluation(in: precision)
  }

  /// Runs over all samples in their order.
  /// - Parameter keepsEmbeddings: whether the embeddings of the first few thousand images are kept for a picture.
  /// - Parameter tick: told of the images done; throws to stop.
  public func evaluate(
    _ source: some BatchSource, keepsEmbeddings: Bool = false, tick: (Int) throws -> Void = { _ in }
  ) throws -> Evaluation {
    var result = Evaluation(classes: model.classes)
    var (lossSum, embeddings, kept) = (0.0, [Tensor](), 0)
    let order = Array(source.samples.indices)
    let stream = try source.stream(BatchRequest(order: order, batchSize: batchSize))
    while let batch = try stream.next() {
      let outcome = model(batch.images, pass)
      let value = model.objective(outcome, against: batch.targets, pass)
      lossSum += Double(value.total.item) * Double(batch.labels.count)
      let rows = Self.rows(of: outcome, batch)
      for (row, label) in zip(rows, batch.labels) {
        result.primary.add(truth: label, prediction: row.primaryPrediction)
        result.corrected.add(truth: label, prediction: row.prediction)
      }
      result.rows += rows
      result.termNames = outcome.terms.map(\.name)
      result.anchors = outcome.evidence(.anchors)?.detached
      if keepsEmbeddings, kept < Self.embeddingLimit {
        embeddings.append(outcome.embedding.detached)
        kept += batch.labels.count
      }
      try tick(result.rows.count)
    }
    result.problems = source.problems + stream.problems
    result.loss = result.rows.isEmpty ? nil : lossSum / Double(result.rows.count)
    result.embeddings = embeddings.isEmpty ? nil : .concatenated(embeddings, along: 0)
    return result
  }

  /// What the model says of images whose classes nobody knows.
  public func predict(_ images: Tensor, ids: [String]) -> [PredictionRow] {
    Self.rows(of: model(images, pass), LabelledBatch(number: 0, images: images, labels: [], ids: ids))
  }

  /// How many images keep their embeddings: enough for a picture.
  public static let embeddingLimit = 4000

  package static func rows(of outcome: Outcome, _ batch: LabelledBatch) -> [PredictionRow] {
    let primary = outcome.primary.rows
    let final = outcome.final.rows
    let terms = outcome.terms.map { $0.correction.distribution.rows }
    return batch.ids.indices.map { index in
      PredictionRow(
        id: batch.ids[index], label: batch.labels.indices.contains(index) ? batch.labels[index] : nil,
        primary: primary[index], terms: terms.map { $0[index] }, final: final[index])
    }
  }
}

extension Tensor {
  /// The rows of a matrix.
  fileprivate var rows: [[Float]] {
    let (all, width) = (values, shape[1])
    return (0..<shape[0]).map { Array(all[$0 * width..<($0 + 1) * width]) }
  }
}

extension [Float] {
  /// The index of the largest number, the first of equals; 0 where there are none.
  package var firstMaximum: Int {
    var best = 0
    for index in indices where self[index] > self[best] { best = index }
    return best
  }
}

extension [String] {
  /// A sentence on images that could not be read, of which these are the names and reasons.
  /// - Parameter file: where all of them stand.
  public func asLeftOut(atMost limit: Int = 20, all file: String = "") -> String {
    let rest =
      count > limit ? ["and \(count - limit) more" + (file.isEmpty ? "" : "; all are in \(file)")] : []
    return
      "\(count) image\(count == 1 ? "" : "s") could not be read and \(count == 1 ? "was" : "were") left out:\n  "
      + (prefix(limit) + rest).joined(separator: "\n  ")
  }
}
