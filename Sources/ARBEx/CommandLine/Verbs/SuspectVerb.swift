import FERCore
import FERTools
import FERTraining
import Foundation
import Support

extension Verb {
  static let dataSuspects = Verb(
    "data suspects",
    "labels of a training set that are probably wrong, by models that were trained without the image",
    arguments: [Argument("RECIPE", "the recipe to train, once for each fold of its training set")],
    flags: [
      Flag("--folds", value: "K", "how many folds, and so trainings; 5 where not given"),
      Flag("--count", value: "N", "how many suspects; as many as confident learning counts where not given"),
      Flag(
        "--out", value: "DIR", "the folder of the trainings and lists; runs/NAME-suspects where not given"),
      .json, .set,
    ],
    notes: """
      The training set is dealt into folds: whoever belongs together (a person, a video) lies in one, else by class. For
      each fold the recipe is trained on the others, in DIR/fold-1 ..., and asked what it sees on the fold's images.
      suspects.csv lists the images whose label fits that least, worst first; suspects.html shows the first 60;
      predictions.csv holds all. Only files of DIR are written: whether a label is wrong is for a person to say.

      The same command again goes on where it was interrupted; finished folds are not repeated. It may run several times at
      once over one folder. Where the recipe replaces labels by itself (label policy "noise"), the replaced ones are what
      the models are trained on and judged by, and how many of them were found is told.
      """
  ) { call in
    let count = try call.wholeNumber("--count")
    let folds = try call.wholeNumber("--folds", atLeast: 2) ?? 5
    let recipe = try call.recipe(at: call.words[0])
    let path = call.value("--out") ?? "runs/\(recipe.name)-suspects"
    guard !RunFolder.isRun(path) else {
      throw RunProblem.request("\(path.printable): is the folder of a run; choose another with --out")
    }
    StopSignal.listen()
    let search = try SuspectSearch(recipe, folds: folds, in: path, console: Console(), report: Report.write)
    switch try search.train() {
    case .complete: break
    case .failed(let failures):
      throw RunProblem.failure("\(failures.joined(separator: "\n"))\n  the same command tries again")
    case .interrupted(let signal): return interrupted(signal, call)
    }
    guard let list = try search.list(count: count) else { return interrupted(StopSignal.received ?? 0, call) }
    try AtomicFile.write(list.csv, to: search.file("suspects.csv"))
    try AtomicFile.write(
      list.page(titled: recipe.name, image: search.images.image(of:)), to: search.file("suspects.html"))
    try call.output.print(call.has("--json") ? list.json.text : list.text())
    if !call.has("--json") {
      call.output.remark(
        "written: \(path)/suspects.csv (\(list.count) images, worst first), suspects.html, predictions.csv")
    }
    return 0
  }

  private static func interrupted(_ signal: Int32, _ call: Invocation) -> Int32 {
    call.output.remark("interrupted and saved; the same command goes on")
    return ExitCode.saved(by: signal)
  }
}
