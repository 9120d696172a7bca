import ARBEx

/// Takes each image for what a trained model says of it, as EfficientFace's label distribution generator does (Zhao, Liu
/// and Zhou 2021): both see the same augmented image.
final class Teacher: LabelPolicy {
  struct Options: ComponentOptions {
    @Option("The folder of the teacher's run.") var model: FilePath = ""
  }

  private let path: FilePath
  private var model: (any FrozenModel)?

  init(_ options: Options) throws {
    guard !options.model.isEmpty else { throw BuildIssue("model", "must name the folder of a run") }
    path = options.model
  }

  func begin(_ samples: inout [Sample], in setting: TrainingSetting) throws {
    model = try setting.loadModel(path, "")
  }

  func targets(_ given: Targets, for batch: Batch) throws -> Targets {
    var targets = given
    targets.distribution = try model?.distribution(of: batch.images)  // [N, C]
    return targets
  }

  var fingerprint: String { model?.fingerprint ?? "" }
}
