import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import NeuralKit
import Support

extension Verb {
  static let train = Verb(
    "train", "train a recipe's model",
    arguments: [Argument("RECIPE", "a recipe; with --resume also the folder of a run")],
    flags: [
      Flag("--out", value: "DIR", "the run's folder; runs/NAME where not given"),
      Flag("--resume", "go on where the run in that folder stopped"),
      Flag("--smoke", "a few batches through everything, in seconds; tells time per image and memory"),
      Flag("--max-steps", value: "N", "stop with a checkpoint once N steps are done in all"), .set,
    ]
  ) { call in
    let word = call.words[0]
    let isRun = RunFolder.isRun(word)
    guard !isRun || call.has("--resume") else {
      throw RunProblem.request("\(word) is the folder of a run; go on with it with --resume")
    }
    let recipe = try call.recipe(at: isRun ? word + "/recipe.json5" : word)
    let folder = call.value("--out") ?? (isRun ? word : "runs/\(recipe.name)")
    StopSignal.listen()
    return call.has("--smoke") ? try smoke(recipe, call) : try trained(recipe, in: folder, call)
  }

  private static func trained(_ recipe: Recipe, in folder: String, _ call: Invocation) throws -> Int32 {
    let console = Console()
    let session = TrainingSession(recipe, in: folder, console: console, report: Report.write)
    let steps = try call.wholeNumber("--max-steps", atLeast: 1)
    // What is wrong with the folder is told before any image is read.
    if !call.has("--resume") { try RunFolder.requireNew(folder) }
    let stored = call.has("--resume") ? try storedRecipe(in: folder, call) : nil
    let train = try RecipeImages(.train, of: recipe, isTraining: true)
    let validation = try RecipeImages.load(.validation, of: recipe)
    warn(of: train, validation, console)
    console.line(
      "\(recipe.name): \(train.samples.count) training images, \(validation?.samples.count ?? 0) validation images, "
        + "\(recipe.classes.count) classes")
    let end =
      try stored.map { try session.resume($0, train: train, validation: validation, steps: steps) }
      ?? session.start(train: train, validation: validation, steps: steps)
    switch end {
    case .finished:
      try call.output.conclude("finished: \(folder)/report.html" + (try best(in: folder, of: recipe)))
    case .alreadyFinished: try call.output.conclude("\(folder): is already complete; nothing was changed")
    case .stoppedAtLimit(let step):
      try call.output.conclude("stopped after step \(step); go on with --resume")
    case .interrupted(let signal):
      let step = RunFacts(of: try RunFolder.existing(folder)).steps.map { " at step \($0)" } ?? ""
      call.output.remark("interrupted, and saved\(step) in \(folder); go on with --resume")
      return ExitCode.interrupted(by: signal)
    }
    return 0
  }

  /// Tells what may be a mistake in the images.
  private static func warn(of train: RecipeImages, _ validation: RecipeImages?, _ console: Console) {
    for warning in train.warnings + (validation?.warnings ?? []) { console.warn(warning) }
    let shared = validation.map { $0.files(sharedWith: train) } ?? []
    if !shared.isEmpty {
      console.warn(
        "\(shared.count) of \(validation?.samples.count ?? 0) validation images are training images too, so its numbers are "
          + "too good: \(shared.listed(atMost: 3))")
    }
  }

  /// What the best weights of a finished run are worth, and how long it took; nothing without validations.
  private static func best(in folder: String, of recipe: Recipe) throws -> String {
    let run = try RunFolder.existing(folder)
    let facts = RunFacts(of: run)
    let line = LogLine.all(in: run.file("metrics.jsonl")).last {
      $0.event == "validation" && $0.epoch == facts.bestEpoch
    }
    guard let line, let epoch = line.epoch, let accuracy = line.corrected?.accuracy else { return "" }
    let percent = { (share: Double) in (100 * share).rounded(places: 2) + "%" }
    let primary = line.primary?.accuracy.map { ", primary \(percent($0))" } ?? ""
    let time = facts.begin.flatMap { begin in facts.end.map { ", in \(Clock.text($0 - begin))" } } ?? ""
    return
      "\nbest epoch: \(epoch) of \(recipe.training.epochs), accuracy \(percent(accuracy))\(primary)\(time)"
  }

  private static func storedRecipe(in folder: String, _ call: Invocation) throws -> Recipe {
    guard RunFolder.isRun(folder) else {
      throw RunProblem.request("\(folder): there is no run to resume here; leave out --resume to start one")
    }
    return try RunFolder.recipe(ofRun: folder, registry: call.registry)
  }

  private static func smoke(_ recipe: Recipe, _ call: Invocation) throws -> Int32 {
    let temporary = NSTemporaryDirectory() + "arbex-smoke-\(ProcessInfo.processInfo.globallyUniqueString)"
    let folder = call.value("--out") ?? temporary
    defer { FileSystem.remove(temporary) }
    let train = try RecipeImages(.train, of: recipe, isTraining: true)
    let validation = try RecipeImages.load(.validation, of: recipe)
    let result: SmokeTest.Result
    do {
      result = try SmokeTest.run(
        recipe, train: train, validation: validation, in: folder, console: Console(), report: Report.write)
    } catch {
      guard let signal = StopSignal.received else { throw error }
      call.output.remark("the smoke test was interrupted")
      return ExitCode.interrupted(by: signal)
    }
    try call.output.print(result.summary)
    return 0
  }
}
