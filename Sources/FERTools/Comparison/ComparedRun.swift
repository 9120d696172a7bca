import FERCore
import FERData
import FERTraining
import Foundation
import NeuralKit
import Support
import TensorKit

/// What is wanted of every run of a comparison.
package struct ComparisonRequest: Sendable {
  /// Which weights; nil takes the best where a run has them, else the last.
  package var weights: SweepTable.Weights?
  /// The images that the runs are judged by.
  package var split = DataSplit.validation
  /// Whether the runs' own tables of predictions are read in place of evaluating the weights.
  package var readsPredictions = false
  /// Whether embeddings are kept.
  package var keepsEmbeddings = true

  package init() {}
}

/// A run as it stands beside others.
package struct ComparedRun {
  /// Where it lies.
  package let path: String
  /// What tells it from the others.
  package let name: String
  /// What it was trained by.
  package let recipe: Recipe
  /// Which of its weights were judged.
  package let weights: SweepTable.Weights
  /// The epoch that these weights come from; nil where its files do not tell.
  package let epoch: Int?
  /// When it was begun, in seconds since the beginning of 1970; nil where its files do not tell.
  package let date: Double?
  /// How many numbers its model has learned.
  package let parameters: Int
  /// What the model says of each image.
  package let set: EvaluatedSet
  /// The embeddings `[N, D]` of the first images; nil where they were not asked for.
  package let embeddings: Tensor?
  /// The lines of its metrics.jsonl.
  package let history: [LogLine]
  /// Remarks on its weights and its images, in sentences.
  package let remarks: [String]
}

extension ComparedRun {
  /// Judges a run.
  /// - Parameter tick: told of the images done, and how many there are.
  /// - Throws: where the weights or the images asked for are not there or cannot be read.
  package init(
    _ path: String, named name: String, _ request: ComparisonRequest, registry: Registry,
    tick: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let recipe = try Recipe.load(path: path + "/recipe.json5", needsWeights: false, registry: registry)
    let file = { (weights: SweepTable.Weights) in "\(path)/checkpoints/\(weights.rawValue).safetensors" }
    let hasBest = FileSystem.exists(file(.best))
    let weights = request.weights ?? (hasBest ? .best : .last)
    guard FileSystem.exists(file(weights)) else {
      throw RunProblem.request(
        "\(path.printable): has no \(weights.rawValue) weights; \(file(weights)) is not there")
    }
    guard recipe.has(request.split) else {
      throw RunProblem.request("\(path.printable): its recipe names no data.\(request.split.rawValue)")
    }
    let facts = try RunFacts(of: RunFolder.existing(path))
    let judged = try Self.judged(recipe, path, weights, request, registry, tick)
    self.init(
      path: path, name: name, recipe: judged.recipe, weights: weights,
      epoch: weights == .best ? facts.bestEpoch : facts.epochs, date: facts.begin,
      parameters: recipe.parameterCounts().reduce(0) { $0 + $1.count }, set: judged.set,
      embeddings: judged.embeddings, history: try LogLine.all(in: path + "/metrics.jsonl"),
      remarks: judged.remarks)
  }

  /// What a run's weights say of the images.
  private struct Judged {
    /// With the classes and the preprocessing of the weights.
    let recipe: Recipe
    let set: EvaluatedSet
    var embeddings: Tensor?
    var remarks: [String] = []
  }

  private static func judged(
    _ recipe: Recipe, _ path: String, _ weights: SweepTable.Weights, _ request: ComparisonRequest,
    _ registry: Registry, _ tick: (Int, Int) -> Void
  ) throws -> Judged {
    if request.readsPredictions {
      return Judged(recipe: recipe, set: try predictions(ofRun: path, of: recipe, weights, request.split))
    }
    let file = "\(path)/checkpoints/\(weights.rawValue).safetensors"
    let trained = try TrainedModel(recipe, weights: file, namings: registry.namings)
    if weights == .last { try takeAverages(of: file, into: trained.model) }
    let images = try RecipeImages(request.split, of: trained.recipe, isTraining: false)
    let evaluation = try Evaluator(trained.model, batchSize: recipe.training.validationBatch).evaluate(
      images, keepsEmbeddings: request.keepsEmbeddings
    ) { tick($0, images.samples.count) }
    let problems = evaluation.problems
    return Judged(
      recipe: trained.recipe, set: evaluation.set, embeddings: evaluation.embeddings,
      remarks: trained.warnings
        + (problems.isEmpty ? [] : ["\(path.printable): \(problems.asLeftOut(atMost: 3))"]))
  }

  /// What the last weights were validated with where a recipe asks for a running average: the averages.
  private static func takeAverages(of path: String, into model: ExpressionModel) throws {
    let file = try WeightFile(path)
    for parameter in model.store.all where file.shape(of: "average/" + parameter.name) == parameter.shape {
      parameter.value = try file.tensor("average/" + parameter.name)
    }
  }

  /// The table that training or `arbex eval` left in the run's folder. That it is of the best weights is told by their own
  /// file, which holds the confusions of the validation that they were kept for.
  private static func predictions(
    ofRun path: String, of recipe: Recipe, _ weights: SweepTable.Weights, _ split: DataSplit
  ) throws -> EvaluatedSet {
    let table = path + "/predictions.csv"
    guard split == .validation, weights == .best else {
      throw RunProblem.request(
        "\(path.printable): \(weights.rawValue) weights on \(split.rawValue) images are in no table of predictions; "
          + "leave out --predictions to evaluate them")
    }
    struct Matrix: Decodable { let confusion: [[Int]] }
    struct Scores: Decodable { let primary, corrected: Matrix }
    let best = try WeightFile(intact: "\(path)/checkpoints/best.safetensors")
    let set = try EvaluatedSet(
      predictionTable: table,
      classes: best.metadata["classes"].flatMap { JSONValue.decoded(from: $0) } ?? recipe.classes)
    guard let scores: Scores = best.metadata["scores"].flatMap({ JSONValue.decoded(from: $0) }),
      set.confusion(\.primaryPrediction).counts == scores.primary.confusion,
      set.confusion(\.prediction).counts == scores.corrected.confusion
    else {
      throw RunProblem.request(
        "\(table.printable): is not of the run's best weights, whose file tells of other answers; leave out "
          + "--predictions to evaluate them")
    }
    return set
  }
}

/// The numbers of a run's answers.
package struct RunScores: Sendable {
  /// By the head's distribution, and by the balanced one.
  package let primary, final: ConfusionMatrix
  /// Of the two distributions; nil without images of known class.
  package let primaryScore, finalScore: DistributionScore?

  package init(_ set: EvaluatedSet) {
    (primary, final) = (set.confusion(\.primaryPrediction), set.confusion(\.prediction))
    let scores = set.scores
    // Without correction terms there is one, which is both.
    (primaryScore, finalScore) = (scores.first, scores.last)
  }

  /// What a comparison tells.
  package static let quantities: [Quantity<RunScores>] = [
    .share("accuracy primary") { $0.primary.accuracy }, .share("accuracy") { $0.final.accuracy },
    .share("macro precision primary") { $0.primary.macroPrecision },
    .share("macro precision") { $0.final.macroPrecision },
    .share("macro recall primary") { $0.primary.macroRecall },
    .share("macro recall") { $0.final.macroRecall },
    .share("macro F1 primary") { $0.primary.macroF1 }, .share("macro F1") { $0.final.macroF1 },
    .number("NLL primary") { $0.primaryScore?.negativeLogLikelihood },
    .number("NLL") { $0.finalScore?.negativeLogLikelihood },
    .number("ECE primary") { $0.primaryScore?.calibrationError },
    .number("ECE") { $0.finalScore?.calibrationError },
    .number("Brier primary") { $0.primaryScore?.brierScore },
    .number("Brier") { $0.finalScore?.brierScore },
  ]
}
