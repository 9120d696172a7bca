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
      Flag(
        "--anyway",
        "with --resume: go on though recipe or data have changed so that the run becomes another one"
      ),
      Flag(
        "--init-from", value: "RUN",
        "start a new run from the best weights of a run, or from a file of weights, as far as they fit"),
      Flag("--smoke", "a few batches through everything, in seconds; tells time per image and memory"),
      Flag("--max-steps", value: "N", "stop with a checkpoint once N steps are done in all"), .set,
    ],
    notes: """
      --resume compares recipe and data with those that the run was trained by so far. What changes nothing that is done is
      named and allowed: workers, checkpoints, other paths to the same data, also --set training.epochs=N where the schedule does
      not depend on the number of epochs. All else is named and refused; with --anyway it is kept in the run's resumes.jsonl.
      """
  ) { call in
    let word = call.words[0]
    let isRun = RunFolder.isRun(word)
    let resumes = call.has("--resume")
    guard !isRun || resumes else {
      throw RunProblem.request("\(word) is the folder of a run; go on with it with --resume")
    }
    if !isRun, FileSystem.isFolder(word) {
      throw RunProblem.request(
        "\(word.printable): is a folder without recipe.json5; name the recipe, as in train RECIPE --out "
          + "\(word.printable)" + (resumes ? " --resume" : ""))
    }
    let recipes = ShippedRecipes()
    if resumes, !FileSystem.exists(recipes.path(for: word)) {
      let runs = ((try? FolderNames.all(in: "runs")) ?? []).map { "runs/\($0)" }.filter(RunFolder.isRun)
      throw RunProblem.request(
        "\(word.printable): there is no such recipe and no such run"
          + NearestName.suggestion(for: word, among: runs + runs.map(PathText.name) + recipes.names)
          + "\n  runs here: " + (runs.isEmpty ? "none in runs/" : runs.listed(atMost: 20)))
    }
    if resumes, call.has("--init-from") {
      throw UsageProblem("--init-from begins a new run, --resume goes on with one; leave one of them out")
    }
    if call.has("--anyway"), !resumes { throw UsageProblem("--anyway goes with --resume") }
    let recipe = try call.recipe(
      at: isRun ? word + "/recipe.json5" : word, overrides: try initialWeights(call), needsWeights: !resumes)
    let folder = call.value("--out") ?? (isRun ? word : "runs/\(recipe.name)")
    call.tellSwaps(of: recipe)
    StopSignal.listen()
    return call.has("--smoke") ? try smoke(recipe, call) : try trained(recipe, in: folder, call)
  }

  /// What `--init-from` says as a change of the recipe.
  private static func initialWeights(_ call: Invocation) throws -> [String] {
    guard let source = call.value("--init-from") else { return [] }
    let isRun = RunFolder.isRun(source) || RunPlace(at: source) == .run
    if !isRun, FileSystem.isFolder(source) {
      throw RunProblem.request(
        "\(source.printable): is a folder, and no run; name a run or a file of weights")
    }
    let file = PathText.absolute(isRun ? try TrainedModel.weights(ofRun: source) : source)
    return ["model.initialWeights=\(JSONValue.quoted(file))"]
  }

  private static func trained(_ recipe: Recipe, in folder: String, _ call: Invocation) throws -> Int32 {
    let console = Console()
    let session = TrainingSession(
      recipe, in: folder, anyway: call.has("--anyway"), console: console, report: Report.write)
    let steps = try call.wholeNumber("--max-steps", atLeast: 1)
    // What is wrong with the folder is told before any image is read.
    let plan = try session.plan(resuming: call.has("--resume"))
    if plan?.isComplete == true {
      try call.output.conclude("\(folder): is already complete; nothing was changed")
      return 0
    }
    try requireFiles(of: recipe)
    let train = try RecipeImages(.train, of: recipe, isTraining: true)
    let validation = try RecipeImages.load(.validation, of: recipe)
    warn(of: train, validation, console)
    console.line(
      "\(recipe.name): \(train.samples.count) training images, \(validation?.samples.count ?? 0) validation images, "
        + "\(recipe.classes.count) classes")
    let end =
      try plan.map { try session.resume($0, train: train, validation: validation, steps: steps) }
      ?? session.start(train: train, validation: validation, steps: steps)
    let goOn = "go on with: \(call.tool) train \(folder.quotedForShell) --resume"
    switch end {
    case .finished:
      try call.output.conclude("finished: \(folder)/report.html" + (try best(in: folder, of: recipe)))
    case .alreadyFinished: try call.output.conclude("\(folder): is already complete; nothing was changed")
    case .stoppedAtLimit(let step):
      try call.output.conclude("stopped after step \(step), saved in \(folder); \(goOn)")
    case .interrupted(let signal):
      let facts = try RunFacts(of: RunFolder.existing(folder))
      let step = facts.steps.map { " at step \($0)" } ?? ""
      let epoch = facts.epochs.map {
        ", in epoch \(min($0 + 1, recipe.training.epochs)) of \(recipe.training.epochs),"
      }
      call.output.remark("interrupted, and saved\(step)\(epoch ?? "") in \(folder); \(goOn)")
      return ExitCode.saved(by: signal)
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

  /// - Throws: ``RecipeProblems`` with every file or folder that training would read and that is not there.
  private static func requireFiles(of recipe: Recipe) throws {
    let missing = recipe.missingFiles.filter { !"\($0.issue.path)".hasPrefix("data.test.") }
    if !missing.isEmpty { throw RecipeProblems(missing) }
  }

  /// What the best weights of a finished run are worth, where they are, and how long it took.
  private static func best(in folder: String, of recipe: Recipe) throws -> String {
    let run = try RunFolder.existing(folder)
    let weights = "\nbest weights: \(folder)/checkpoints/best.safetensors"
    let facts = try RunFacts(of: run)
    let line = (try? LogLine.all(in: run.file("metrics.jsonl")))?.last {
      $0.event == "validation" && $0.epoch == facts.bestEpoch
    }
    guard let line, let epoch = line.epoch, let accuracy = line.corrected?.accuracy else { return weights }
    let percent = { (share: Double) in (100 * share).rounded(places: 2) + "%" }
    let primary = line.primary?.accuracy.map { ", primary \(percent($0))" } ?? ""
    let time = facts.begin.flatMap { begin in facts.end.map { ", in \(Clock.text($0 - begin))" } } ?? ""
    return
      "\nbest epoch: \(epoch) of \(recipe.training.epochs), accuracy \(percent(accuracy))\(primary)\(time)"
      + weights
  }

  private static func smoke(_ recipe: Recipe, _ call: Invocation) throws -> Int32 {
    let temporary = NSTemporaryDirectory() + "arbex-smoke-\(ProcessInfo.processInfo.globallyUniqueString)"
    let folder = call.value("--out") ?? temporary
    defer { FileSystem.remove(temporary) }
    try requireFiles(of: recipe)
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
