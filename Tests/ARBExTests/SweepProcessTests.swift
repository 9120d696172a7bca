import FERTools
import Foundation
import TestSupport
import Testing

@testable import Support

/// Sweeps as processes that share a folder: one is killed, one is only stopped, one is asked to end.
@Suite("A sweep in several processes", .serialized)
struct SweepProcessTests {
  private let folder = TestFolder()

  /// Functions of the shell, and sweeps of trainings that take a moment: `many.json5` has 12 jobs, `long.json5` one that takes
  /// some seconds.
  private func run(_ script: String) throws -> ChildProcess {
    let base = """
      { name: "small", classes: ["neutral", "happy", "sad"],
        data: { train: { use: "synthetic-faces", count: 12 },
          validation: { use: "synthetic-faces", split: "validation", count: 3 } },
        sampler: { use: "shuffled" }, input: { size: 32 },
        model: { backbone: { use: "resnet18", stem: "small", units: [1, 1, 1, 1], widths: [4, 4, 4, 4] },
          encoder: { use: "average-pool" }, head: { use: "linear" } },
        losses: { nll: {} },
        training: { epochs: 2, batch: 4, checkpointSteps: 1, logSteps: 1, optimizer: { use: "sgd", learningRate: 0.01 },
          schedule: { use: "constant" } } }
      """
    try Data(base.utf8).write(to: folder.url("small.json5"))
    let many = """
      { base: "small.json5", axes: [{ key: "losses.nll.smoothing", values: [0, 0.1, 0.2] }], seeds: [1, 2, 3, 4] }
      """
    try Data(many.utf8).write(to: folder.url("many.json5"))
    let long = #"{ base: "small.json5", patch: { training: { epochs: 40, checkpointSteps: 10 } } }"#
    try Data(long.utf8).write(to: folder.url("long.json5"))
    return try ProgramRun.shell(
      """
      export ARBEX_THREADS=1
      until_there() { until [ -s "$1" ] || ! kill -0 $2 2> /dev/null; do sleep 0.02; done; }
      until_told() { until grep -q "$1" "$2" || ! kill -0 $3; do sleep 0.05; done; }
      # Weights and metrics of all jobs, as digests.
      bits() { (cd $1; find . -name last.safetensors -o -name metrics.jsonl | sort | xargs sha256sum) | sha256sum; }
      """ + "\n" + script, in: folder)
  }

  private func text(_ name: String) -> String { (try? FileSystem.text(of: folder / name)) ?? "" }

  @Test(
    "12 jobs, 3 processes, one killed in the middle: each is done once, the table is whole, the bits are those of one"
  )
  func killed() throws {
    let result = try run(
      """
      "$arbex" sweep many.json5 --out alone > alone.out 2> alone.err; echo $?
      for name in a b c; do "$arbex" sweep many.json5 --out shared > $name.out 2> $name.err & eval "$name=$!"; done
      until_told "job [0-9]* of 12" b.err $b; sleep 0.1; kill -9 $b; wait $b
      wait $a; echo $?; wait $c; echo $?
      [ "$(bits alone)" = "$(bits shared)" ] && echo same
      """)
    #expect(result.output == "0\n0\n0\nsame\n", "\(result.remarks)\(text("a.err"))\(text("c.err"))")
    let table = text("shared/results.csv").split(separator: "\r\n")
    #expect(table.count == 1 + 12 * 2 && table.dropFirst().allSatisfy { $0.contains(",done,") })
    // Every job was taken once, but for the one that the killed process had.
    let begun = ["a.err", "b.err", "c.err"].flatMap { text($0).split(separator: "\n") }
      .filter { $0.hasPrefix("job ") }
    let again = begun.filter { $0.contains(", taken over from process ") }
    #expect(begun.count == 12 + again.count && again.count <= 1, "\(begun)")
    let marks = try FolderNames.all(in: folder / "shared/claims").filter { $0.contains(".taken-") }
    #expect(marks.count == begun.count)
  }

  @Test(
    "a process that is only stopped is taken over; when it comes back it leaves the job and writes nothing into its folder"
  )
  func stopped() throws {
    let result = try run(
      """
      "$arbex" sweep long.json5 --out alone > alone.out 2> alone.err; echo $?
      "$arbex" sweep long.json5 --out shared --silence 2 2> a.err > a.out & a=$!
      until_there shared/base/metrics.jsonl $a; kill -STOP $a
      "$arbex" sweep long.json5 --out shared > b.out 2> b.err & b=$!
      until_told "taken over from process $a on" b.err $b
      until_told "resuming at step" b.err $b; kill -CONT $a
      wait $a; echo $?; wait $b; echo $?
      [ "$(bits alone)" = "$(bits shared)" ] && echo same
      """)
    #expect(result.output == "0\n0\n0\nsame\n", "\(result.remarks)\(text("a.err"))\(text("b.err"))")
    let told = text("a.err")
    #expect(told.contains(" has taken it over, since this one gave no sign of life for 2 s"), "\(told)")
    #expect(!told.contains("goes on without") && !told.contains("failed"), "\(told)")
    let marks = try FolderNames.all(in: folder / "shared/claims")
    #expect(marks == ["base.taken-1", "base.taken-2"])
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    #expect(files.allSatisfy { !$0.contains(".arbex-partial") })
  }

  @Test(
    "asked to end by a batch system: 75, the job is free at once, and the same command goes on to the same bits"
  )
  func continued() throws {
    let result = try run(
      """
      "$arbex" sweep long.json5 --out alone > alone.out 2> alone.err; echo $?
      "$arbex" sweep long.json5 --out shared > a.out 2> a.err & a=$!
      until_there shared/base/metrics.jsonl $a; kill -USR1 $a; wait $a; echo $?
      "$arbex" sweep long.json5 --out shared --status | grep -c interrupted
      "$arbex" sweep long.json5 --out shared > b.out 2> b.err; echo $?
      [ "$(bits alone)" = "$(bits shared)" ] && echo same
      """)
    #expect(result.output == "0\n75\n1\n0\nsame\n", "\(result.remarks)\(text("a.err"))")
    #expect(text("a.err").contains("interrupted and saved; the same command goes on"))
    let goesOn = text("b.err")
    #expect(!goesOn.contains("taken over") && goesOn.contains("resuming at step"), "\(goesOn)")
  }

  @Test("where a mark cannot be written, nothing is begun: 1 and the reason")
  func noRoom() throws {
    let result = try run(
      """
      mkdir -p full/claims
      { (ulimit -f 0; "$arbex" sweep long.json5 --out full 2>&1; echo code $?) | cat; } > a.err
      grep -o "code 1" a.err; ls full/claims
      """)
    #expect(result.output == "code 1\n", "\(result.remarks)")
    #expect(text("a.err").contains("base.taken-1: cannot be written"), "\(text("a.err"))")
  }
}
