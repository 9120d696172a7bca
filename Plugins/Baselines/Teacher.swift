import FERCore
import NeuralKit
import TensorKit

/// Takes each image for what a trained model says of it.
///
///     t[n] = share · q(x_n) + (1 − share) · given[n]
///
/// q is the teacher's final distribution for the same augmented image, on stored statistics; given is what the sample is taken
/// for otherwise, all on its label or the shares of its annotators. Losses that look at distributions then aim at t; the label
/// still is what counts as right. The teacher is in no checkpoint, and evaluation and prediction do not need its files; a run is
/// resumed only with the same weights.
///
/// Source: Hinton, Vinyals and Dean 2015, Distilling the Knowledge in a Neural Network, arXiv:1503.02531; with share 1 it is the
/// label distribution generator of Zhao, Liu and Zhou 2021, EfficientFace, AAAI 35(4).
///
/// ## Shapes
/// images `[n·V, S, S, 3]` → t `[n, C]`
final class Teacher: LabelPolicy {
  struct Options: ComponentOptions {
    @Option("The teacher: the folder of a run, or a recipe.") var model: FilePath = ""
    @Option(
      "The file of its weights, from `arbex weights import` or as published. Empty: the run's best; a recipe needs one."
    ) var weights: FilePath = ""
    @Option("How much of a target is the teacher's; the rest is the sample's own.", 0...1) var share: Float =
      1
  }

  private let options: Options
  private var model: (any FrozenModel)?
  private var classCount = 0

  /// - Throws: ``BuildIssue`` where no model is named.
  init(_ options: Options) throws {
    guard !options.model.isEmpty else {
      throw BuildIssue("model", "must name the folder of a run, or a recipe with its weights")
    }
    self.options = options
  }

  func begin(_ samples: inout [Sample], in setting: TrainingSetting) throws {
    model = try setting.loadModel(options.model, options.weights)
    classCount = setting.classes.count
  }

  func targets(_ given: Targets, for batch: Batch) throws -> Targets {
    guard let model else { preconditionFailure("teacher: asked for targets before training began") }
    var targets = given
    let said = try model.distribution(of: batch.images)  // [n, C]
    targets.distribution =
      options.share == 1
      ? said
      : said * options.share + given.distribution(classCount: classCount, smoothing: 0) * (1 - options.share)
    return targets
  }

  var fingerprint: String { model?.fingerprint ?? "" }
}
