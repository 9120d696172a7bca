import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import NeuralKit
import Support

extension Verb {
  static let eval = Verb(
    "eval", "accuracy, every class, confusion; primary and corrected side by side",
    arguments: [Argument("RUN-or-RECIPE", "the folder of a run, or a recipe with --weights")],
    flags: [
      Flag("--weights", value: "FILE", "other weights than the run's best"),
      Flag("--split", value: "NAME", "validation (where not given), test or train"),
      Flag("--out", value: "DIR", "where predictions and report go; into the run where it is one, else here"),
      Flag("--embeddings", value: "FILE.npy", "the embeddings [N, D] too, in the order of predictions.csv"),
      .overwrite, .uncalibrated, .precision, .json, .set,
    ]
  ) { call in
    let precision = try call.precision()
    let embeddings = try call.value("--embeddings").map(EmbeddingFile.init)
    let subject = try ModelSubject(call)
    subject.remarks.forEach(call.output.remark)
    let split = try call.split()
    let suffix = split == .validation ? "" : "-" + split.rawValue
    let folder = call.value("--out") ?? subject.run ?? "."
    try FileSystem.makeFolder(folder)
    try call.requireOwn(
      [
        OwnFile(.predictions, "\(folder)/predictions\(suffix).csv"),
        OwnFile(.report, "\(folder)/report\(suffix).html"),
      ] + call.values("--embeddings").map { OwnFile(.numbers, $0) })
    let source = try subject.images(split)
    for warning in source.warnings { call.output.remark("warning: \(warning)") }
    let console = Console(descriptor: call.has("--json") ? -1 : STDERR_FILENO)
    let evaluator = Evaluator(
      subject.trained.model, batchSize: subject.recipe.training.validationBatch, precision: precision,
      metrics: subject.recipe.registry.metrics, temperatures: subject.temperatures)
    func progress(_ name: String) -> (Int) -> Void {
      {
        console.progress(name, share: Double($0) / Double(max(1, source.samples.count))) { [done = $0] in
          "\(done) images"
        }
      }
    }
    var evaluation = try evaluator.evaluate(
      source, keepsEmbeddings: true, tick: progress("eval"), observe: { embeddings?.add($0.embedding) })
    if precision != .float32 {
      evaluation.difference = try evaluator.difference(
        of: evaluation, on: source, tick: progress("eval, float32"))
    }
    console.clearBar()
    try AtomicFile.write(evaluation.set.predictionTable, to: "\(folder)/predictions\(suffix).csv")
    try embeddings?.write()
    if !evaluation.problems.isEmpty { call.output.remark("warning: " + evaluation.problems.asLeftOut()) }
    var reported =
      try subject.run.map { ReportSubject(try RunFolder.existing($0), of: subject.recipe) }
      ?? ReportSubject(name: subject.recipe.name, recipe: subject.recipe)
    (reported.evaluation, reported.image, reported.split) = (evaluation, source.image(of:), split)
    reported.weights = subject.trained.path
    try Report.write(reported, to: "\(folder)/report\(suffix).html")
    try call.output.print(call.has("--json") ? evaluation.json : evaluation.summary)
    if !call.has("--json") {
      call.output.remark(subject.trained.remark)
      call.output.remark("written: \(folder)/predictions\(suffix).csv, report\(suffix).html")
    }
    return 0
  }
}

/// The model that `eval`, `predict` and `calibrate` are asked about: a run's best, or a recipe's with a file of weights.
struct ModelSubject {
  /// The recipe, with the classes and the preprocessing of the weights.
  let recipe: Recipe
  let trained: TrainedModel
  /// The run's folder; nil for a recipe, or where other weights than the run's own are used.
  let run: String?
  /// As of ``Invocation/temperatures(of:)``.
  let temperatures: Temperatures?

  /// What a person should know before the numbers.
  var remarks: [String] {
    trained.warnings
      + (temperatures.map { [$0.summary + "; terms are not; --uncalibrated leaves it out"] } ?? [])
  }

  /// - Parameter confirming: false where `trained.confirm()` will be called before anything is shown.
  init(_ call: Invocation, confirming: Bool = true) throws {
    let word = call.words[0]
    let isRun = RunFolder.isRun(word)
    // Files that the model started from may be gone: its weights come from another.
    let asked = try call.recipe(at: isRun ? word + "/recipe.json5" : word, needsWeights: false)
    let given = call.value("--weights")
    guard isRun || given != nil else {
      let hint =
        RunFolder.isRun("runs/\(asked.name)") ? "; there is a run of that name: runs/\(asked.name)" : ""
      throw RunProblem.request(
        "\(word): a recipe alone has no trained weights; name the folder of a run, or add --weights FILE\(hint)"
      )
    }
    let weights = try given ?? TrainedModel.weights(ofRun: word)
    trained = try TrainedModel(
      asked, weights: weights, namings: call.registry.namings, confirming: confirming)
    recipe = trained.recipe
    run = isRun && given == nil ? word : nil
    temperatures = call.temperatures(of: trained)
  }

  /// The images of a split, prepared as the weights were trained.
  func images(_ split: DataSplit) throws -> RecipeImages {
    guard recipe.has(split) else {
      throw RunProblem.request("\(recipe.path): names no data.\(split.rawValue)")
    }
    return try RecipeImages(split, of: recipe, isTraining: false)
  }
}

extension Invocation {
  /// By what a model's primary and final distributions are to be tempered; nil where nothing is stored with its weights, or
  /// `--uncalibrated` asks for the distributions as they are.
  func temperatures(of trained: TrainedModel) -> Temperatures? {
    has(Verb.Flag.uncalibrated.name) ? nil : trained.temperatures
  }

  /// The set of images that a flag names; where it is not given, that of validation or another one.
  func split(_ flag: String = "--split", else usual: DataSplit = .validation) throws(UsageProblem)
    -> DataSplit
  {
    guard let word = value(flag) else { return usual }
    guard let split = DataSplit(rawValue: word) else {
      let known = DataSplit.allCases.map(\.rawValue).sorted()
      throw UsageProblem(
        "there is no split \(JSONValue.quoted(word))\(NearestName.suggestion(for: word, among: known))"
          + "; known: \(known.joined(separator: ", "))")
    }
    return split
  }
}
