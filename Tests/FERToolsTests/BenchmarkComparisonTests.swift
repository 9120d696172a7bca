import FERCore
@testable import FERTools
import FERTraining
import Foundation
import Support
import TestSupport
import Testing

@Suite("Two benchmarks side by side")
struct BenchmarkComparisonTests {
  private typealias Line = BenchmarkComparison.Line

  private func comparison(_ before: String, _ after: String) throws -> BenchmarkComparison {
    try BenchmarkComparison(
      BenchmarkFile(before, called: "a.json"), BenchmarkFile(after, called: "b.json"))
  }

  private func line(_ name: String, of comparison: BenchmarkComparison) throws -> Line {
    try #require(comparison.lines.first { $0.name.line == name }, "\(name)")
  }

  private func expect(
    _ line: Line, ratio: Double, in range: ClosedRange<Double>?, _ verdict: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let near = { (mine: Double?, theirs: Double?) in
      mine.flatMap { mine in theirs.map { abs(mine - $0) < 1e-12 } } ?? (mine == nil && theirs == nil)
    }
    #expect(near(line.ratio, ratio), sourceLocation: sourceLocation)
    #expect(near(line.range?.lowerBound, range?.lowerBound), sourceLocation: sourceLocation)
    #expect(near(line.range?.upperBound, range?.upperBound), sourceLocation: sourceLocation)
    #expect(line.verdict == verdict, sourceLocation: sourceLocation)
  }

  /// A's runs took 36 to 44 ms, B's 18 to 22: 36/22 at least, 44/18 at most. In training they overlap: 90 to 110 and 100
  /// to 120 allow 90/120 to 110/100. Memory is measured once.
  @Test("of one turn each: the ratio of the medians, and what the runs allow")
  func oneTurn() throws {
    let found = try comparison(
      #"""
      {"infer_ms_per_image": 40, "infer_ms_per_image_min": 36, "infer_ms_per_image_max": 44,
       "train_ms_per_image": 99, "train_ms_per_image_min": 90, "train_ms_per_image_max": 110, "peak_rss_mb": 300}
      """#,
      #"""
      {"infer_ms_per_image": 20, "infer_ms_per_image_min": 18, "infer_ms_per_image_max": 22,
       "train_ms_per_image": 110, "train_ms_per_image_min": 100, "train_ms_per_image_max": 120, "peak_rss_mb": 400}
      """#)
    try expect(line("inference", of: found), ratio: 2, in: 36 / 22...44 / 18, "better")
    try expect(line("training step", of: found), ratio: 0.9, in: 0.75...1.1, "")
    try expect(line("training step, memory", of: found), ratio: 0.75, in: nil, "")
    #expect(found.lines.count == 3 && found.notes.isEmpty)
    #expect(
      found.text.contains(
        "  inference              ms per image   40.000   20.000  2.000  1.636  2.444  better\n"))
  }

  /// Turn by turn 40/20, 60/20, 50/50: 2, 3 and 1, of which 2 is the middle; the medians 50 and 20 have another ratio. The
  /// runs' own ends take no part.
  @Test("of several turns: each against its own, the middle, the least and the greatest")
  func turns() throws {
    let turn = { (time: Int) in
      "{\"infer_ms_per_image\": \(time), \"infer_ms_per_image_min\": 1, \"infer_ms_per_image_max\": 99}\n"
    }
    let found = try comparison([40, 60, 50].map(turn).joined(), [20, 20, 50].map(turn).joined())
    let inference = try line("inference", of: found)
    try expect(inference, ratio: 2, in: 1...3, "")
    #expect(inference.before == 50 && inference.after == 20)
    let worse = try comparison([40, 60].map(turn).joined(), [50, 80].map(turn).joined())
    try expect(line("inference", of: worse), ratio: (0.8 + 0.75) / 2, in: 0.75...0.8, "worse")
  }

  /// 100 images a second (80 to 125) and 150 (100 to 200): 100/125 to 200/80.
  @Test("of images per second more is better")
  func rates() throws {
    let object = { (rate: Int, least: Int, most: Int) in
      "{\"images_per_second_per_thread\": \(rate), \"images_per_second_per_thread_min\": \(least), "
        + "\"images_per_second_per_thread_max\": \(most)}"
    }
    let found = try comparison(object(100, 80, 125), object(150, 100, 200))
    try expect(line("1 thread", of: found), ratio: 1.5, in: 0.8...2.5, "")
  }

  @Test("lines that only one has, and those that took no time, are told and not compared")
  func oneSided() throws {
    let object = { (lines: [(String, Double)]) in
      let list = lines.map { "{\"component\": \"\($0)\", \"ms_per_image\": \($1)}" }.joined(separator: ",")
      return "{\"infer_ms_per_image\": 1, \"inference\": {\"components\": [\(list)]}}"
    }
    let found = try comparison(object([("old", 1), ("head", 0)]), object([("head", 1), ("new", 1)]))
    #expect(found.onlyBefore.map(\.line) == ["old"] && found.onlyAfter.map(\.line) == ["new"])
    let head = try line("head", of: found)
    #expect(head.ratio == nil && head.name.table == "inference, by component")
    #expect(found.text.contains("only A has old (inference, by component)\nonly B has new"))
    let json = try JSON5Parser.parse(found.json).value
    #expect(json["only_a"]?.elements?.count == 1 && json["lines"]?.elements?[1]["ratio"] == .null)
  }

  /// As they were written before the ends were kept.
  @Test("files with medians only have ratios, and it is told that they have no spread")
  func mediansOnly() throws {
    let old =
      #"{"batch": 1, "operations": [{"operation": "GELU", "sizes": "9", "forward_ms": 3, "backward_ms": 6}]}"#
    let new =
      #"{"operations": [{"operation": "GELU", "sizes": "9", "forward_ms": 2, "forward_ms_min": 1,"#
      + #" "forward_ms_max": 3}]}"#
    let found = try comparison(old, new)
    try expect(line("GELU 9", of: found), ratio: 1.5, in: nil, "")
    #expect(found.notes.count == 1 && found.notes[0].contains("kept medians only"))
    #expect(found.onlyBefore.map(\.table) == ["backward"])
  }

  @Test(
    "other work is refused, and what differs is said",
    arguments: [
      (#""recipe": "scn""#, "recipe: arbex and scn"), (#""batch": 8"#, "batch: 16 and 8"),
      (#""recipe": "scn", "batch": 8"#, "recipe: arbex and scn; batch: 16 and 8"),
      (#""precision": {"name": "bf16"}"#, "precision: float32 and bf16"),
      (#""recipe_sha256": "b""#, "(recipe_sha256)"), (#""start_seconds": 1"#, nil),
    ] as [(String, String?)])
  func otherWork(member: String, told: String?) throws {
    let mine = #"{"infer_ms_per_image": 1, "recipe": "arbex", "recipe_sha256": "a", "batch": 16}"#
    let other = "{\"infer_ms_per_image\": 1, \(member)}"
    guard let told else {
      #expect(try comparison(mine, other).lines.count == 1)  // it says nothing of recipe and batch
      return
    }
    let problem = #expect(throws: RunProblem.self) { try comparison(mine, other) }
    #expect(problem?.isRequest == true && problem?.description.contains(told) == true, "\(problem as Any)")
  }

  @Test("another verb's file, and another number of turns, are refused")
  func otherFile() {
    let one = #"{"infer_ms_per_image": 1}"#
    for (other, told) in [
      (#"{"start_seconds": 1}"#, "one is of arbex bench, the other of arbex bench start"),
      (one + "\n" + one, "hold 1 and 2 turns"),
    ] {
      let problem = #expect(throws: RunProblem.self) { try comparison(one, other) }
      #expect(problem?.description.contains(told) == true, "\(problem as Any)")
    }
  }

  @Test("another machine is told, and compared")
  func otherMachine() throws {
    let found = try comparison(
      #"{"infer_ms_per_image": 1, "cpu": "EPYC", "kernels": "avx512", "threads": 2}"#,
      #"{"infer_ms_per_image": 1, "cpu": "Xeon", "kernels": "avx512", "threads": 1}"#)
    #expect(found.lines.count == 1)
    #expect(found.notes.filter { $0.hasPrefix("cpu: EPYC and Xeon: ") }.count == 1)
    #expect(found.notes.contains { $0.hasPrefix("threads: 2 and 1") })
    #expect(!found.notes.contains { $0.hasPrefix("kernels") })
  }

  @Test(
    "what is no benchmark is refused by name and line",
    arguments: [
      ("", "a.json: is not what a benchmark prints"), ("hello", "a.json: is not what"),
      (#"{"epochs": 3}"#, "a.json: is not what"), (#"["infer_ms_per_image"]"#, "a.json: is not what"),
      ("{\"infer_ms_per_image\": 1}\n{\"infer_ms_per", "a.json: line 2 of 2 is not what"),
      (
        "{\"infer_ms_per_image\": 1}\n{\"start_seconds\": 1}", "turns of arbex bench and of arbex bench start"
      ),
    ])
  func noBenchmark(text: String, told: String) {
    let problem = #expect(throws: FileProblem.self) { try BenchmarkFile(text, called: "a.json") }
    #expect(problem?.description.contains(told) == true, "\(problem as Any)")
  }

  @Test("a recipe's digest changes with what it says about the work, with nothing else")
  func digest() throws {
    let workshop = try Workshop()
    let digest = { (changes: [String]) in
      try Recipe.load(
        path: workshop.path + "/tiny.json5", overrides: changes, needsWeights: false,
        registry: workshop.recipe.registry
      ).workDigest
    }
    let plain = try digest([])
    #expect(try digest(["name=other", "seed=9", "model.backbone.weights=none.pth"]) == plain)
    for change in ["training.batch=7", "input.size=16", "losses.tiny.weight=0.5"] {
      #expect(try digest([change]) != plain, "\(change)")
    }
  }
}

@Suite("Two programs in turns")
struct BenchmarkTurnsTests {
  /// A program of the shell that notes its turn and prints the next of three times.
  private func program(_ name: String, _ times: [Int], in folder: TestFolder) throws -> String {
    let path = folder / name
    try """
    #!/bin/sh
    echo \(name) "$@" >> '\(folder / "order")'
    case $(grep -c '^\(name) ' '\(folder / "order")') in
      1) time=\(times[0]) ;; 2) time=\(times[1]) ;; 3) time=\(times[2]) ;; *) exit 1 ;;
    esac
    echo "{\\"infer_ms_per_image\\": $time}"

    """.write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  private func turns(_ before: String, _ after: String) -> BenchmarkTurns {
    BenchmarkTurns(
      before: before, after: after, arguments: ["bench", "x"], environment: ["PATH": "/usr/bin:/bin"])
  }

  /// Ratios 20/10, 30/10, 40/10.
  @Test("each takes its turn, in every second one the other goes first, and turns are held together")
  func order() throws {
    let folder = TestFolder()
    let (old, new) = (
      try program("old", [20, 30, 40], in: folder), try program("new", [10, 10, 10], in: folder)
    )
    let found = try turns(old, new).run(3)
    let order = try String(contentsOfFile: folder / "order", encoding: .utf8)
    #expect(order == ["old", "new", "new", "old", "old", "new"].map { $0 + " bench x\n" }.joined())
    #expect(found.lines.map(\.ratio) == [3] && found.lines[0].range == 2...4)
  }

  @Test("a program that fails, one that is no benchmark and one that is not there are named")
  func failures() throws {
    let folder = TestFolder()
    let good = try program("good", [1, 1, 1], in: folder)
    let failed = #expect(throws: RunProblem.self) { try turns("/bin/false", good).run(1) }
    #expect(
      failed?.isRequest == false && failed?.description.contains("/bin/false bench x ended with 1") == true)
    let silent = #expect(throws: FileProblem.self) { try turns("/bin/true", good).run(1) }
    #expect(silent?.description.contains("/bin/true: is not what a benchmark prints") == true)
    let absent = #expect(throws: RunProblem.self) { try turns("/nowhere/arbex", good).run(1) }
    #expect(absent?.isRequest == true && absent?.description.contains("/nowhere/arbex") == true)
  }
}
