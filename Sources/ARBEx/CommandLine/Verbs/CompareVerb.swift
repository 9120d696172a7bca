import FERCore
import FERTools
import FERTraining
import Foundation
import Support

extension Verb {
  static let compare = Verb(
    "compare", "runs side by side: recipes, accuracy over seeds with intervals, paired tests, embeddings",
    arguments: [
      Argument("RUN", "folders of runs; that of a sweep stands for its jobs", count: .atLeastOne)
    ],
    flags: [
      Flag("--weights", value: "WHICH", "best or last of each run; best where it has them, if not given"),
      Flag(
        "--split", value: "NAME", "images they are judged by: validation (where not given), test or train"),
      Flag(
        "--predictions",
        "read each run's predictions.csv in place of evaluating its weights: quick, no embeddings"),
      Flag("--no-embeddings", "leave out how embeddings lie, and their maps"),
      Flag("--out", value: "FILE", "the page; compare.html where not given"),
      Flag("--csv", value: "FILE", "also a table with a row for each run, in full precision"), .overwrite,
      .json,
    ],
    notes: """
      Every run's weights are evaluated on the images that its own recipe names. Runs that differ only in their seed are
      one group: mean and standard deviation over seeds, and a 95 % interval for the difference to the first group, paired
      by seed where both have the same seeds, else Welch's. McNemar's test (exact below 25 answers) looks at the images
      that one run alone gets right; it is left out, and said so, where two runs were not judged by the same images with
      the same classes.
      """
  ) { call in
    var request = ComparisonRequest()
    if let word = call.value("--weights") {
      guard let weights = SweepTable.Weights(rawValue: word) else {
        throw UsageProblem(
          "--weights needs best or last, was given \(JSONValue.quoted(word))", verb: "compare")
      }
      request.weights = weights
    }
    request.split = try call.split()
    request.readsPredictions = call.has("--predictions")
    request.keepsEmbeddings = !call.has("--no-embeddings") && !request.readsPredictions

    let out = call.value("--out") ?? "compare.html"
    try call.requireOwn([OwnFile(.page, out)] + call.values("--csv").map { OwnFile(.comparison, $0) })
    let list = try RunList(call.words)
    for remark in list.leftOut { call.output.remark("note: \(remark)") }
    let console = Console(descriptor: call.has("--json") ? -1 : STDERR_FILENO)
    let runs = try zip(list.paths, list.names).enumerated().map { place, run in
      try ComparedRun(run.0, named: run.1, request, registry: call.registry) { done, all in
        console.progress("run \(place + 1) of \(list.paths.count)", share: Double(done) / Double(max(1, all)))
        {
          "\(done) images"
        }
      }
    }
    let comparison = try Comparison(runs, request)
    let page = comparison.page { done in
      console.progress("maps", share: Double(done) / Double(runs.count)) { "\(done) of \(runs.count)" }
    }
    console.clearBar()
    try AtomicFile.write(page, to: out)
    if let path = call.value("--csv") { try AtomicFile.write(comparison.csv, to: path) }
    try call.output.print(call.has("--json") ? comparison.json : comparison.text)
    if !call.has("--json") {
      call.output.remark(
        "written: " + ([out] + [call.value("--csv")].compactMap { $0 }).joined(separator: ", "))
    }
    return 0
  }
}
