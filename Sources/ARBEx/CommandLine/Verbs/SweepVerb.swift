import FERCore
import FERTools
import FERTraining
import Foundation
import Support

extension Verb {
  static let sweep = Verb(
    "sweep", "train many variants of a recipe, and put the results into a table",
    arguments: [Argument("FILE", "a sweep: a base recipe, what varies, seeds")],
    flags: [
      Flag("--out", value: "DIR", "the sweep's folder; runs/NAME where not given"),
      Flag("--keep-going", "go on with the other jobs where one fails"),
      Flag("--dry-run", "tell the jobs, which of them are done, and the time that the others will take"),
      Flag(
        "--status",
        "tell the jobs, which of them are done, and which process on which machine works at the others"),
      Flag(
        "--silence", value: "SECONDS",
        "how long this process may give no sign of life until others take its job over; 300 where not given, at least 2"
      ),
      .set,
    ],
    notes: """
      A sweep file is JSON5:

        {
          base: "fer2013.json5",                        a recipe; paths start from the file's folder
          patch: { training: { epochs: 6 } },           changes of every job
          axes: [                                       every combination of
            { key: "losses.nll.smoothing", values: [0, 0.1] },
            { name: "K", values: [{ name: "0", patch: { model: { corrections: { anchor: null } },
              losses: { anchor: null, center: null } } }, { name: "10" }] },
          ],
          jobs: [{ name: "plain", base: "fer2013/resnet18.json5" }],     and these by themselves
          seeds: [1, 2, 3],                             each of them
          reference: "plain",                           the others are told as differences to it, with intervals
          absentData: "leave out",                      jobs whose data is not there are left out by name
        }

      A value may be several jobs whose mean counts, as one for each person who is held out:
      { name: "JAFFE", average: [{ name: "KA", patch: { ... } }, { name: "KL", patch: { ... } }] }.

      The same command again goes on: what is done stays, what was interrupted is resumed, what failed is tried
      again. It may run several times at once over one folder, also on several machines that share it: each process
      takes the next open job, and takes over the job of one that died or is silent. The tables lie in the folder:
      results.csv, table.csv, table.html, grid.csv for two axes, differences.csv and effect-*.svg with a reference.
      """
  ) { call in
    let file = try SweepFile.read(call.recipePath(of: call.words[0]))
    let jobs = try file.jobs(overrides: call.values("--set"), registry: call.registry)
    let path = call.value("--out") ?? "runs/\(file.name)"
    guard !RunFolder.isRun(path) else {
      throw RunProblem.request("\(path): is the folder of a run; choose another with --out")
    }
    let silence = try call.number("--silence", in: 2...1e6) ?? JobClaim.usualSilence
    if call.has("--status") { return try status(jobs, of: file, in: path, call) }
    if call.has("--dry-run") { return try dryRun(jobs, of: file, in: path, call) }
    StopSignal.listen()
    let folder = try SweepFolder(path)
    let runner = try SweepRunner(
      jobs, in: folder, keepsGoing: call.has("--keep-going"), leavesOutAbsentData: file.leavesOutAbsentData,
      silence: silence, console: Console(), report: Report.write)
    let end = try runner.run()
    let (table, written) = try SweepTable.write(jobs, of: file, to: folder)
    switch end {
    case .complete:
      try call.output.conclude(table.text)
      call.output.remark("written: \(path)/" + written.joined(separator: ", "))
      return 0
    case .failed(let failures):
      try call.output.conclude(table.text)
      call.output.remark(
        "\(failures.count) job\(failures.count == 1 ? "" : "s") failed; the same command tries again"
          + (call.has("--keep-going") ? "" : ", --keep-going does the others first"))
      return 1
    case .interrupted(let signal):
      call.output.remark("interrupted and saved; the same command goes on")
      return ExitCode.saved(by: signal)
    }
  }

  /// The folder of a sweep that has begun; nil where none has. Looks only: no folder is made, nor anything in one that is no
  /// sweep's.
  private static func begun(_ path: String) throws -> (folder: SweepFolder, board: JobBoard)? {
    guard FileSystem.exists(path + "/claims") else { return nil }
    let folder = try SweepFolder(path)
    let board = JobBoard(in: folder)
    try board.look()
    return (folder, board)
  }

  /// How each job stands.
  private static func status(
    _ jobs: [SweepJob], of file: SweepFile, in path: String, _ call: Invocation
  ) throws -> Int32 {
    guard let (folder, board) = try begun(path) else {
      try call.output.print("\(jobs.count) jobs; none has begun in \(path.printable)")
      return 0
    }
    let states = try jobs.map {
      try JobStatus(of: $0, in: folder, board, leavesOutAbsentData: file.leavesOutAbsentData)
    }
    let rows = zip(jobs, states).map { [$0.name] + $1.row() }
    try call.output.print(TextTable.text([["job"] + JobStatus.columns] + rows))
    try call.output.print("\(states.count { $0.state == "done" }) of \(jobs.count) jobs are done")
    return 0
  }

  /// What there is to do, and how long it will take.
  private static func dryRun(
    _ jobs: [SweepJob], of file: SweepFile, in path: String, _ call: Invocation
  ) throws -> Int32 {
    let begun = try begun(path)
    var (rows, total, estimates) = ([["job", "state", "minutes"]], 0.0, [String: Double]())
    for job in jobs {
      if let result = try begun?.folder.result(of: job) {
        rows.append([job.name, "done", (result.seconds / 60).rounded(places: 1)])
        continue
      }
      if file.leavesOutAbsentData, let absent = job.absentData.first {
        rows.append([job.name, "left out", "\(absent.printable) is not there"])
        continue
      }
      var same = job.recipe.effective.members ?? [:]
      (same["seed"], same["name"]) = (nil, nil)
      let key = JSONValue.object(same).oneLine
      let seconds = try estimates[key] ?? SweepEstimate.seconds(of: job.recipe)
      estimates[key] = seconds
      total += seconds
      let status = try begun.map {
        try JobStatus(of: job, in: $0.folder, $0.board, leavesOutAbsentData: file.leavesOutAbsentData)
      }
      rows.append([job.name, status?.state ?? "open", "about " + (seconds / 60).rounded(places: 1)])
    }
    try call.output.print(TextTable.text(rows, words: 2))
    try call.output.print(
      "\(jobs.count) jobs; what is not done takes this machine about \((total / 3600).rounded(places: 1)) hours"
    )
    return 0
  }
}
