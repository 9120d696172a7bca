import Foundation

/// Negative controls: what is broken on purpose must be found, or the counts above would prove nothing.
struct Controls {
  private let options: Options
  private let tally: Tally

  init(_ options: Options, _ tally: Tally) { (self.options, self.tally) = (options, tally) }

  func run() throws {
    for (number, name) in BrokenTarget.names.enumerated() { try brokenTarget(name, number) }
    guard !options.shim.isEmpty else { return }
    let laboratory = try Laboratory(options)
    try lostWrite(laboratory, "/metrics.jsonl", 10)
    try lostWrite(laboratory, "/predictions.csv", 11)
    try hiddenSync(12)
    try killedForGood(laboratory, 13)
  }

  private func note(_ number: Int, _ isFound: Bool, _ words: String) {
    tally.note(number, isFound ? .refused : .fault("not noticed: \(words)"))
  }

  /// A target that dies, hangs or says something wrong at one number: the loop must name that number and end with 1.
  private func brokenTarget(_ name: String, _ number: Int) throws {
    let scratch = options.folder + "/" + name
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    let end = try Subprocess.run(
      options.harness, [name, "--count", "20", "--lanes", "1", "--folder", scratch + "/work"],
      environment: Laboratory.environment, scratch: scratch, patience: 60)
    let isFound = end.code == 1 && end.output.contains("FAULT in \(name) \(BrokenTarget.number):")
    note(number, isFound, "\(name): \(end.ending); \(end.output)")
  }

  /// A write that claims success and writes nothing, as a program would that ignores an error.
  private func lostWrite(_ laboratory: Laboratory, _ file: String, _ number: Int) throws {
    let writes = laboratory.calls.filter { $0.name == "write" && $0.path.hasSuffix(file) }
    let renamed = laboratory.calls.first { $0.name == "rename" && $0.path.hasSuffix(file) }
    // A file that is written beside and renamed has its writes under the other name.
    let place = renamed.flatMap { rename in
      let old = (rename.path.split(separator: "\t").first.map(String.init) ?? "") as NSString
      return laboratory.calls.first { $0.name == "write" && $0.path.hasSuffix("/" + old.lastPathComponent) }
    }
    guard let call = writes.first ?? place else { return note(number, false, "no write of \(file) was seen") }
    let verdict = FailingCalls.verdict(laboratory, Fault(call: call.number, kind: "lie"))
    if case .fault = verdict { return note(number, true, "") }
    note(number, false, "a lost write of \(file): \(verdict)")
  }

  /// A program that never synchronises.
  private func hiddenSync(_ number: Int) throws {
    let run = options.folder + "/hidden"
    try FileManager.default.createDirectory(atPath: run + ".told", withIntermediateDirectories: true)
    var environment = Laboratory.environment
    environment["LD_PRELOAD"] = options.shim
    environment["FAULT_LOG"] = run + ".told/calls"
    environment["FAULT_HIDE"] = "fsync"
    _ = try Subprocess.run(
      options.program, ["train", options.project + "/Tests/Faults/tiny.json5", "--out", run],
      environment: environment,
      scratch: run + ".told", patience: 60)
    let problems = WriteOrder.problems(in: SeenCall.all(in: run + ".told/calls"))
    note(number, !problems.isEmpty && problems.allSatisfy { $0 != nil }, "files that are never synchronised")
  }

  /// A run whose checkpoints are gone: it must not pass for resumed.
  private func killedForGood(_ laboratory: Laboratory, _ number: Int) throws {
    let run = options.folder + "/gone"
    let half = laboratory.calls.filter { $0.name == "rename" && $0.path.hasSuffix("/last.safetensors") }
    guard let call = half.last else { return note(number, false, "no checkpoint was seen") }
    _ = try laboratory.train(run, fault: Fault(call: call.number, kind: "after"))
    for name in ["metrics.jsonl", "steps.csv"] {
      try? FileManager.default.removeItem(atPath: run + "/" + name)
    }
    note(number, try laboratory.goOn(run) != nil, "a run that lost its log was resumed to the same bytes")
  }
}
