import ARBEx
import FERCore
import FERTraining
import Foundation
import Support
import TestSupport
import Testing

@testable import FERTools

/// Sweeps of the quickstart on a few pictures with bars.
@Suite("sweep from the command line", .serialized)
final class SweepVerbTests {
  private let folder = TestFolder()

  /// A sweep of the smallest trainings.
  private func write(_ rest: String, _ name: String = "sweep.json5") throws -> String {
    let text = """
      {
        base: "\(ShippedRecipe.path("quickstart"))",
        patch: {
          data: { train: { use: "bars", count: 16 }, validation: { use: "bars", count: 8 } },
          input: { augment: [] }, training: { epochs: 1, batch: 8 },
        },
        \(rest)
      }
      """
    try Data(text.utf8).write(to: folder.url(name))
    return folder / name
  }

  private func sweep(_ file: String, _ more: String...) -> Answer {
    Answer(["sweep", file, "--out", folder / "out"] + more, plugins: [BarsPlugin.self])
  }

  private func jobs(_ file: String) throws -> [SweepJob] {
    try SweepFile.read(file).jobs(registry: try Registry.builtins(and: [BarsPlugin.self]))
  }

  private let grid = """
    axes: [
      { key: "losses.nll.smoothing", values: [0, 0.1] },
      { name: "K", values: [
        { name: "0", patch: { model: { corrections: { anchor: null } }, losses: { anchor: null, center: null } } },
        { name: "2", patch: { model: { corrections: { anchor: { perClass: 2 } } } } } ] },
    ],
    """

  @Test("every combination, the last axis fastest, then the jobs by themselves; each with every seed")
  func order() throws {
    let file = try write(
      grid + "jobs: [{ name: 'no crop', patch: { input: { resize: 80 } } }], seeds: [3, 5]")
    let jobs = try jobs(file)
    #expect(
      jobs.map(\.name) == [
        "smoothing=0,K=0/seed-3", "smoothing=0,K=0/seed-5", "smoothing=0,K=2/seed-3",
        "smoothing=0,K=2/seed-5",
        "smoothing=0.1,K=0/seed-3", "smoothing=0.1,K=0/seed-5", "smoothing=0.1,K=2/seed-3",
        "smoothing=0.1,K=2/seed-5", "no-crop/seed-3", "no-crop/seed-5",
      ])
    #expect(jobs.map(\.recipe.seed) == [3, 5, 3, 5, 3, 5, 3, 5, 3, 5])
    let values = jobs.map { job in
      ["losses.nll.smoothing", "model.corrections.anchor.perClass", "training.epochs"].map { path in
        job.recipe.values.first { "\($0.path)" == path }?.value
      }
    }
    #expect(values[0] == [.int(0), nil, .int(1)])
    #expect(values[7] == [.double(0.1), .int(2), .int(1)])
    #expect(values[8] == [.double(0.05), .int(4), .int(1)])
  }

  @Test("without axes and jobs the base itself, by its own seed")
  func base() throws {
    let jobs = try jobs(try write(""))
    #expect(jobs.map(\.name) == ["base"] && jobs[0].recipe.seed == 1)
  }

  @Test("trains every job once; the same command again repeats none; tables are complete")
  func whole() throws {
    let file = try write(grid)
    let planned = sweep(file, "--dry-run")
    #expect(planned.code == 0 && planned.output.contains("4 jobs; what is not done takes"))
    #expect(planned.output.contains("smoothing=0,K=0") && planned.output.contains("open"))
    #expect(sweep(file, "--status").output == "4 jobs; none has begun in \(folder / "out")\n")
    #expect(sweep(file, "--silence", "1").code == 2)
    #expect(!FileManager.default.fileExists(atPath: folder / "out"))

    let first = sweep(file)
    #expect(first.code == 0, "\(first.remarks)")
    #expect(first.output.contains("smoothing=0.1, K=2  1/1"), "\(first.output)")
    let results = try String(contentsOfFile: folder / "out/results.csv", encoding: .utf8)
      .split(separator: "\r\n")
    #expect(results.count == 1 + 4 * 2 && results.dropFirst().allSatisfy { $0.contains(",done,") })
    let page = try String(contentsOfFile: folder / "out/table.html", encoding: .utf8)
    #expect(page.contains("<h2>accuracy, %</h2>") && page.contains("smoothing \\ K"))

    // The numbers are those of the run.
    let job = try jobs(file)[3]
    let result = try #require(try SweepFolder(folder / "out").result(of: job))
    let log = try String(contentsOfFile: folder / "out/\(job.name)/metrics.jsonl", encoding: .utf8)
    let line = try #require(log.split(separator: "\n").last { $0.contains("validation") })
    let read = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    let primary = read?["primary"] as? [String: Any]
    #expect(result.last?.primary.accuracy == primary?["accuracy"] as? Double)
    #expect(result.last?.distributions?.map(\.name) == ["primary", "anchor", "attentive", "final"])

    let bytes = FileManager.default.contents(atPath: folder / "out/\(job.name)/timings.jsonl")
    let second = sweep(file)
    #expect(second.code == 0 && second.output == first.output)
    #expect(FileManager.default.contents(atPath: folder / "out/\(job.name)/timings.jsonl") == bytes)
    #expect(sweep(file, "--dry-run").output.contains("done"))

    let other = sweep(file, "--set", "training.epochs=2")
    #expect(other.code == 2 && other.remarks.contains("training.epochs: was 1, is 2"), "\(other.remarks)")
  }

  @Test("a job that fails is named; the others are done with --keep-going; what failed is tried again")
  func failing() throws {
    let missing = folder / "faces"
    let file = try write(
      """
      jobs: [
        { name: "faces", patch: { data: { train: { use: "class-folders", root: "faces", ignore: [] } } } },
        { name: "plain" } ],
      """)
    let stopped = sweep(file)
    #expect(stopped.code == 1 && stopped.remarks.contains("1 job failed"), "\(stopped.remarks)")
    #expect(stopped.output.contains("faces: ") && stopped.output.contains(missing), "\(stopped.output)")
    #expect(try SweepFolder(folder / "out").result(of: jobs(file)[1]) == nil)
    // Where it cannot be noted that a job failed, or is noted and cannot be read, it would be tried again without end.
    let note = folder / "out/claims/faces.failed"
    try FileManager.default.removeItem(atPath: note)
    try FileManager.default.createDirectory(atPath: note, withIntermediateDirectories: true)
    let unnoted = sweep(file)
    #expect(
      unnoted.code == 2 && unnoted.remarks.contains("faces.failed: is not an ordinary file"),
      "\(unnoted.remarks)")
    try FileManager.default.removeItem(atPath: note)
    let further = sweep(file, "--keep-going")
    #expect(further.code == 1 && further.output.contains("plain    1/1"), "\(further.output)")

    let gallery = folder / "faces"
    for (number, name) in try jobs(file)[0].recipe.classes.enumerated() {
      try FileManager.default.createDirectory(
        atPath: "\(gallery)/\(name)", withIntermediateDirectories: true)
      for copy in 0..<2 {
        try Data(try ImageFile.encodePNG(Bars.picture(number))).write(
          to: URL(fileURLWithPath: "\(gallery)/\(name)/\(copy).png"))
      }
    }
    let mended = sweep(file)
    #expect(mended.code == 0 && !mended.output.contains("failed"), "\(mended.remarks)")
  }

  @Test("jobs whose data is not there are left out by name, and come in when it is")
  func absent() throws {
    let missing = folder / "faces"
    let file = try write(
      """
      absentData: "leave out", jobs: [
        { name: "faces", patch: { data: { train: { use: "class-folders", root: "faces", ignore: [] } } } },
        { name: "plain" } ],
      """)
    let planned = sweep(file, "--dry-run")
    #expect(planned.output.contains("left out  \(missing) is not there"), "\(planned.output)")
    let answer = sweep(file)
    #expect(answer.code == 0, "\(answer.remarks)")
    #expect(answer.output.contains("left out:\n  faces: \(missing) is not there"), "\(answer.output)")
    #expect(answer.output.contains("plain    1/1"), "\(answer.output)")
    try FileManager.default.createDirectory(atPath: missing, withIntermediateDirectories: true)
    #expect(sweep(file).code == 1)
  }

  @Test("what another process works at is left to it, and taken over when it ends")
  func shared() throws {
    let file = try write("axes: [{ key: 'losses.nll.smoothing', values: [0, 0.1, 0.2] }]")
    let (jobs, place) = (try jobs(file), try SweepFolder(folder / "out"))
    let board = JobBoard(in: place)
    let claim = try #require(try board.take(jobs[0]))
    let ended = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var answer: Answer?
    let arguments = ["sweep", file, "--out", place.path]
    Thread.detachNewThread {
      answer = Answer(arguments, plugins: [BarsPlugin.self])
      ended.signal()
    }
    while try place.result(of: jobs[2]) == nil { usleep(20_000) }
    let (first, second) = (try place.result(of: jobs[0]), try place.result(of: jobs[1]))
    #expect(second != nil && first == nil)
    #expect(ended.wait(timeout: .now() + 1) == .timedOut)
    let status = sweep(file, "--status")
    #expect(status.code == 0 && status.output.contains("2 of 3 jobs are done"), "\(status.output)")
    #expect(status.output.contains("smoothing=0    in work  process \(getpid()) on "), "\(status.output)")
    #expect(sweep(file, "--dry-run").output.contains("in work"))
    claim.end()
    ended.wait()
    let done = try place.result(of: jobs[0])
    #expect(answer?.code == 0 && done != nil)
  }

  @Test("everything that is wrong with the file, with its lines")
  func wrong() throws {
    let file = folder / "wrong.json5"
    try Data(
      """
      {
        bse: "a.json5",
        axes: [
          { values: [1] },
          { key: "training.epochs", values: [] },
          { name: "K", values: [3] },
        ],
        jobs: [{ patch: { extends: "b.json5" } }],
        seeds: [1, 1],
        absentData: "skip",
        reference: "K=30",
      }
      """.utf8
    ).write(to: folder.url("wrong.json5"))
    let answer = sweep(file)
    #expect(answer.code == 2)
    for text in [
      "wrong.json5:2: bse: a sweep has no such key; did you mean \"base\"?",
      "wrong.json5:4: axes[0]: needs key",
      "wrong.json5:5: axes[1].values: must be a list of at least one value",
      "wrong.json5:6: axes[2].values[0]: a value without key is an object { ... }, this is 3",
      "wrong.json5:8: jobs[0].name: is missing",
      "wrong.json5:8: jobs[0].patch.extends: cannot be changed by a patch; say base",
      "wrong.json5:9: seeds: must be a list of different whole numbers", "base: is missing",
      "wrong.json5:10: absentData: must be \"fail\" or \"leave out\", is \"skip\"",
      "wrong.json5:11: reference: no setting is called \"K=30\"",
    ] { #expect(answer.remarks.contains(text), "\(text)\n\(answer.remarks)") }
    #expect(!FileManager.default.fileExists(atPath: folder / "out"))
  }

  @Test("a wrong value is told with the line of the sweep, once")
  func wrongValue() throws {
    let file = try write("axes: [{ key: 'training.epoch', values: [1, 2] }], seeds: [1, 2]")
    let answer = sweep(file)
    #expect(answer.code == 2 && answer.remarks.contains("1 problem"), "\(answer.remarks)")
    #expect(answer.remarks.contains("sweep.json5:7: training.epoch: \"training\" has no such key"))
  }
}

/// Means and deviations by paper and pencil.
@Suite("The table of a sweep")
struct SweepTableTests {
  private let folder = TestFolder()

  /// A sweep of the quickstart, and the accuracies that its first jobs are said to have reached.
  private func results(
    _ rest: String, _ accuracies: [Double?]
  ) throws -> (file: SweepFile, jobs: [SweepJob], place: SweepFolder) {
    let text = "{ base: \"\(ShippedRecipe.path("quickstart"))\", \(rest) }"
    try Data(text.utf8).write(to: folder.url("s.json5"))
    let file = try SweepFile.read(folder / "s.json5")
    let jobs = try file.jobs(registry: try Registry.builtins(and: [BarsPlugin.self]))
    let place = try SweepFolder(folder / "out")
    for case (let job, let accuracy?) in zip(jobs, accuracies) {
      let scores = """
        { "primary": { "accuracy": 0.25 }, "corrected": { "accuracy": \(accuracy), "macroF1": null },
          "distributions": [{ "name": "primary", "nll": 2 }, { "name": "final", "nll": 1, "ece": 0.125 }] }
        """
      let result = #"{ "seconds": 90, "last": \#(scores), "best": \#(scores) }"#
      try FileManager.default.createDirectory(
        atPath: place.run(job), withIntermediateDirectories: true)
      try Data(result.utf8).write(to: URL(fileURLWithPath: place.run(job) + "/result.json"))
    }
    return (file, jobs, place)
  }

  /// Accuracies 0.5, 0.6 and 0.7: mean 0.6, deviation √(0.02 / 2) = 0.1; without the job that is open.
  @Test("mean and deviation over the seeds that are done")
  func spread() throws {
    let (file, jobs, place) = try results(
      "seeds: [1, 2, 3, 4], axes: [{ key: 'losses.nll.smoothing', values: [0, 0.2] }]", [0.5, 0.6, 0.7])
    let table = try SweepTable(jobs, of: file, in: place).table(.last)
    #expect(
      table.columns == [
        "setting", "done", "accuracy primary, %", "accuracy, %", "NLL primary", "NLL", "ECE", "minutes", "MB",
      ])
    #expect(
      table.rows == [
        [
          "smoothing=0", "3/4", "25.00 ± 0.00", "60.00 ± 10.00", "2.0000 ± 0.0000", "1.0000 ± 0.0000",
          "0.1250 ± 0.0000", "1.5", "–",
        ],
        ["smoothing=0.2", "0/4", "–", "–", "–", "–", "–", "–", "–"],
      ])
  }

  /// Set x, people a and b, seeds 1 and 2: 0.4 and 0.5, 0.6 and 0.9: means 0.5 and 0.7 of the seeds. Set y: 0.6 and 0.8. So
  /// 60 ± 14.14 and 70 ± 14.14; the differences are 0.1 and 0.1, whose interval has no width.
  @Test(
    "a value of several parts is their mean, seed by seed; differences to the reference; one axis is no grid")
  func averaged() throws {
    let (file, jobs, place) = try results(
      """
      seeds: [1, 2], reference: "set=x", axes: [{ name: "set", values: [
        { name: "x", average: [{ name: "a" }, { name: "b", patch: { training: { epochs: 2 } } }] },
        { name: "y" } ] }]
      """, [0.4, 0.5, 0.6, 0.9, 0.6, 0.8])
    #expect(
      jobs.map(\.name) == [
        "set=x,a/seed-1", "set=x,a/seed-2", "set=x,b/seed-1", "set=x,b/seed-2", "set=y/seed-1",
        "set=y/seed-2",
      ])
    #expect(jobs[2].recipe.training.epochs == 2 && jobs[0].recipe.training.epochs == 6)
    let table = try SweepTable(jobs, of: file, in: place)
    #expect(
      table.table(.last).rows.map { Array($0[0...3]) } == [
        ["set=x", "4/4", "25.00 ± 0.00", "60.00 ± 14.14"],
        ["set=y", "2/2", "25.00 ± 0.00", "70.00 ± 14.14"],
      ])
    let differences = try #require(table.differences)
    #expect(differences.rows.map { [$0[0], $0[2]] } == [["set=y", "+10.00 (+10.00 to +10.00)"]])
    #expect(differences.rows[0].last == "paired by seed" && table.grids.isEmpty)
    #expect(table.effects.map(\.name) == ["accuracy", "nll", "ece"])
    let files = try table.write(to: place, named: "s")
    #expect(files.contains("effect-accuracy.svg") && files.contains("differences.csv"))
  }

  @Test("two axes make a grid, a row for each value of the first")
  func grid() throws {
    let (file, jobs, place) = try results(
      "axes: [{ key: 'losses.nll.smoothing', values: [0, 0.2] }, { key: 'training.epochs', values: [1, 2] }]",
      [0.5, 0.625, nil, 0.75])
    let table = try SweepTable(jobs, of: file, in: place)
    let grid = try #require(table.grids.first { $0.title == "accuracy, %" }).table
    #expect(grid.columns == ["smoothing \\ epochs", "1", "2"])
    #expect(grid.rows == [["0", "50.00", "62.50"], ["0.2", "–", "75.00"]])
    #expect(table.text.contains("smoothing \\ epochs") && table.differences == nil)
    #expect(try table.write(to: place, named: "s").contains("grid.csv"))
  }

  @Test("a value of one axis as the reference: each setting against that which differs by it alone")
  func axisReference() throws {
    let (file, jobs, place) = try results(
      """
      reference: "epochs=1",
      axes: [{ key: 'losses.nll.smoothing', values: [0, 0.2] }, { key: 'training.epochs', values: [1, 2] }]
      """, [0.5, 0.625, 0.5, 0.375])
    let differences = try #require(try SweepTable(jobs, of: file, in: place).differences)
    #expect(
      differences.rows.map { [$0[0], $0[2]] } == [
        ["smoothing=0, epochs=2", "+12.50"], ["smoothing=0.2, epochs=2", "-12.50"],
      ])
    #expect(differences.rows[0].last == "single runs")
  }
}
