import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import Support

extension Verb {
  static let report = Verb(
    "report", "a page of figures and tables for each run, and each of them as a file",
    arguments: [Argument("RUN", "the folder of a run", count: .atLeastOne)],
    flags: [
      Flag("--weights", value: "FILE", "other weights than the run's best"),
      Flag("--split", value: "NAME", "validation (where not given), test or train"),
      Flag(
        "--images", value: "NAME",
        "show the distributions of this image, its name whole or from a folder on; may come often; else 60 are drawn",
        isRepeatable: true),
      .overwrite, .uncalibrated, .set,
    ],
    notes: """
      Writes report.html into the folder, and its figures and tables as SVG and CSV into report/ beside it; with
      --split test: report-test.html. Images are looked at four times, as they are and shrunk to 75, 50 and 25 %.
      Where they are not at hand, the page is made of the logs, and says what it lacks.
      """
  ) { call in
    let split = try call.split()
    guard call.words.count == 1 || !call.has("--weights") else {
      throw UsageProblem("--weights belongs to one run, and \(call.words.count) were named", verb: "report")
    }
    var problems = 0
    for run in call.words {
      do { try report(on: run, split, call) } catch {
        // By itself it ends as every verb does.
        guard call.words.count > 1, !(error is OutputProblem) else { throw error }
        call.output.remark("\(error)")
        problems += 1
      }
    }
    return problems == 0 ? 0 : 1
  }

  /// Writes a run's report, also where its images are not at hand.
  /// - Throws: what else keeps its model from being looked at, after the page was written without.
  private static func report(on run: String, _ split: DataSplit, _ call: Invocation) throws {
    let folder = try RunFolder.existing(run)
    let recipe = try call.recipe(at: folder.file("recipe.json5"), needsWeights: false)
    guard recipe.has(split) || !call.has("--split") else {
      throw RunProblem.request("\(recipe.path.printable): names no data.\(split.rawValue)")
    }
    let name = "report" + (split == .validation ? "" : "-\(split.rawValue)")
    try call.requireOwn([OwnFile(.report, folder.file(name + ".html"))])
    var subject = ReportSubject(folder, of: recipe)
    for omission in subject.omissions { call.output.remark("warning: left out: \(omission)") }
    subject.split = split
    var failure: (any Error)?
    do {
      if recipe.has(split) {
        try evaluate(&subject, of: recipe, weights: call.value("--weights"), call)
      } else {
        subject.omissions.append(
          "What the model says of images: the recipe names no \(split.rawValue) images.")
      }
    } catch {
      subject.evaluation = nil
      subject.omissions.append("What the model says of images: \(error)")
      let isOfData = (error as? DataProblem)?.isRequest ?? false
      if isOfData { call.output.remark("warning: \(error)") } else { failure = error }
    }
    try Report.write(subject, to: folder.file(name + ".html"))
    if let failure { throw failure }
    try call.output.print("written: \(folder.file(name)).html")
  }

  /// Looks at the images as they are, and with fewer pixels.
  private static func evaluate(
    _ subject: inout ReportSubject, of recipe: Recipe, weights: String?, _ call: Invocation
  ) throws {
    let path = try weights ?? TrainedModel.weights(ofRun: subject.folder?.path ?? "")
    let trained = try TrainedModel(recipe, weights: path, namings: call.registry.namings)
    trained.warnings.forEach(call.output.remark)
    let temperatures = call.temperatures(of: trained)
    if let temperatures { call.output.remark(temperatures.summary) }
    subject.shown = call.values("--images")
    let source = try RecipeImages(subject.split, of: trained.recipe, isTraining: false)
    let console = Console()
    defer { console.clearBar() }
    let evaluator = Evaluator(
      trained.model, batchSize: recipe.training.validationBatch, metrics: recipe.registry.metrics,
      temperatures: temperatures)
    let shares = [0.75, 0.5, 0.25]
    func look(at images: RecipeImages, _ round: Int) throws -> Evaluation {
      try evaluator.evaluate(images, keepsEmbeddings: round == 0) { done in
        let share = Double(done) / Double(max(1, images.samples.count))
        console.progress(
          subject.folder?.path ?? "", share: (Double(round) + share) / Double(shares.count + 1)
        ) { "look \(round + 1) of \(shares.count + 1)" }
      }
    }
    let evaluation = try look(at: source, 0)
    // A name that is none is told before the other looks.
    _ = try ReportPart.shownImages(subject, evaluation.set)
    for (place, share) in shares.enumerated() {
      subject.shrunk.append(ShrunkScore(share, try look(at: source.shrunk(to: share), place + 1)))
    }
    (subject.evaluation, subject.image, subject.weights) = (evaluation, source.image(of:), path)
  }
}
