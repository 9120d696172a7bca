import Foundation
import Support

/// One fault that the shim makes: which call, and how.
struct Fault: Sendable {
  let call: Int
  /// As `Shim/faults.c` takes it: ENOSPC, kill ...
  let kind: String
}

/// A call that the shim saw.
struct SeenCall: Sendable {
  let number: Int
  let name: String
  let path: String

  /// Whether it only reads what a person gave, where exit code 2 is as good as 1; `run` is the program's own.
  func isReading(outside run: String) -> Bool {
    ["open", "read", "pread", "mmap", "close"].contains(name) && !path.hasPrefix(run)
  }

  static func all(in log: String) -> [SeenCall] {
    let text = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, let number = Int(parts[0]) else { return nil }
      return SeenCall(number: number, name: String(parts[1]), path: String(parts[2]))
    }
  }
}

/// Trains the tiny recipe, disturbed and undisturbed, and compares what comes out.
struct Laboratory: Sendable {
  /// The files of a run that tell whether it is the same.
  static let results = [
    "checkpoints/last.safetensors", "checkpoints/best.safetensors", "metrics.jsonl", "predictions.csv",
    "steps.csv",
    "epochs.csv",
  ]
  /// Far more than a run of the tiny recipe takes, also on a machine at work.
  private static let patience = 60.0

  let folder: String
  private let options: Options
  /// The program that is tried, and the project's folder.
  var program: String { options.program }
  var project: String { options.project }
  /// The recipe that is trained.
  let recipe: String
  /// What an undisturbed run comes to: the SHA-256 of each of its results.
  let reference: [String: String]
  /// The calls it makes, and the seconds it takes.
  let calls: [SeenCall]
  let seconds: Double

  /// Trains undisturbed twice: with and without the shim.
  init(_ options: Options) throws {
    self.options = options
    folder = options.folder
    recipe = options.project + "/Tests/Faults/tiny.json5"
    guard access(options.program, X_OK) == 0 else {
      throw HarnessProblem("\(options.program): there is no program to try")
    }
    try FileManager.default.createDirectory(atPath: folder + "/reference", withIntermediateDirectories: true)
    let log = folder + "/calls"
    let arguments = ["train", recipe, "--out", folder + "/reference/run"]
    var environment = Self.environment
    let plain = try Subprocess.run(
      options.program, arguments, environment: environment, scratch: folder + "/reference",
      patience: Self.patience)
    guard plain.code == 0 else {
      throw HarnessProblem("the tiny recipe cannot be trained: \(plain.ending); \(plain.lastWords)")
    }
    reference = Self.digests(folder + "/reference/run")
    guard reference.count == Self.results.count else {
      throw HarnessProblem("an undisturbed run lacks results")
    }
    seconds = plain.seconds
    guard !options.shim.isEmpty else {
      calls = []
      return
    }
    environment["LD_PRELOAD"] = options.shim
    environment["FAULT_LOG"] = log
    try? FileManager.default.removeItem(atPath: folder + "/reference/run")
    let watched = try Subprocess.run(
      options.program, arguments, environment: environment, scratch: folder + "/reference",
      patience: Self.patience)
    calls = SeenCall.all(in: log)
    guard watched.code == 0, Self.digests(folder + "/reference/run") == reference, calls.count > 100 else {
      throw HarnessProblem("with \(options.shim) loaded: \(watched.ending), \(calls.count) calls seen")
    }
  }

  /// Of a child: nothing restarts it, one thread suffices, and a crash tells no stack.
  static var environment: [String: String] {
    var environment = ProcessInfo.processInfo.environment
    environment["ARBEX_RESTARTED"] = "1"
    environment["ARBEX_THREADS"] = "1"
    environment["SWIFT_BACKTRACE"] = "enable=no"
    return environment
  }

  /// Trains in `run` until the end, a fault or a signal. - Returns: how it ended, and the call that failed.
  func train(
    _ run: String, resume: Bool = false, fault: Fault? = nil, stop: (signal: Int32, after: Double)? = nil
  ) throws -> (end: Subprocess, failed: SeenCall?) {
    let scratch = run + ".told"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    let log = scratch + "/calls"
    try? FileManager.default.removeItem(atPath: log)
    var environment = Self.environment
    if let fault {
      environment["LD_PRELOAD"] = options.shim
      environment["FAULT_LOG"] = log
      environment["FAULT_AT"] = "\(fault.call)"
      environment["FAULT_AS"] = fault.kind
    }
    let end = try Subprocess.run(
      options.program, ["train", recipe, "--out", run] + (resume ? ["--resume"] : []),
      environment: environment,
      scratch: scratch, stop: stop, patience: Self.patience)
    return (end, SeenCall.all(in: log).first)
  }

  /// Runs the program with any words.
  func arbex(_ arguments: [String], scratch: String) throws -> Subprocess {
    try Subprocess.run(
      options.program, arguments, environment: Self.environment, scratch: scratch, patience: 5 * Self.patience
    )
  }

  /// Lets a shell run a script in which `$0` is the program.
  /// - Parameter changes: what is other in the environment; nil takes a variable away.
  func shell(_ script: String, _ changes: [String: String?] = [:], scratch: String) throws -> Subprocess {
    var environment = Self.environment
    for (name, value) in changes { environment[name] = value }
    if changes["FAULT_CLOCK"] != nil { environment["LD_PRELOAD"] = options.shim }
    return try Subprocess.run(
      "/bin/sh", ["-c", script, options.program], environment: environment, scratch: scratch,
      patience: Self.patience)
  }

  /// Goes on with a run, however far it came, to the end. - Returns: nil where it came to the reference's bytes, else
  /// what is wrong.
  func goOn(_ run: String) throws -> String? {
    var end = try train(run, resume: FileManager.default.fileExists(atPath: run)).end
    // Where nothing had begun yet there is nothing to resume, and the run must be able to start.
    if end.code == 2 { end = try train(run).end }
    guard end.code == 0 else { return "cannot be resumed: \(end.ending); \(end.lastWords)" }
    return difference(run)
  }

  /// What of a finished run differs from the reference; nil for nothing.
  /// - Parameter told: what the run said: a table or a log that it goes on without, and says so, is not lost in silence.
  ///   Both tables are made of the log, and a checkpoint notes the log's length in its head.
  func difference(_ run: String, told: String = "") -> String? {
    let found = Self.digests(run)
    let without = told.split(separator: "\n").filter { $0.contains("goes on without ") }
    let isWithoutLog = without.contains { $0.contains("/metrics.jsonl:") }
    let names = Self.results.filter { name in
      guard found[name] != reference[name] else { return false }
      if isWithoutLog, name.hasSuffix(".safetensors") {
        return Self.arrays(run + "/" + name) != Self.arrays(folder + "/reference/run/" + name)
      }
      if name == "metrics.jsonl" { return !isWithoutLog }
      guard name.hasSuffix("s.csv") else { return true }
      return !isWithoutLog
        && !without.contains { $0.contains("/" + name + ":") || $0.hasSuffix("without " + name) }
    }
    return names.isEmpty ? nil : "differs from an undisturbed run in \(names.joined(separator: ", "))"
  }

  /// Removes a run and what it told.
  func remove(_ run: String) {
    try? FileManager.default.removeItem(atPath: run)
    try? FileManager.default.removeItem(atPath: run + ".told")
  }

  /// What stands behind the head of a safetensors file, whose first eight bytes are the head's length; nil where there is none.
  private static func arrays(_ path: String) -> Data? {
    guard let bytes = FileManager.default.contents(atPath: path), bytes.count >= 8 else { return nil }
    let head = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    return bytes.dropFirst(8 + head)
  }

  private static func digests(_ run: String) -> [String: String] {
    var digests: [String: String] = [:]
    for name in results {
      guard let bytes = FileManager.default.contents(atPath: run + "/" + name) else { continue }
      let digest = Digest()
      digest.update(Array(bytes))
      digests[name] = digest.finish()
    }
    return digests
  }
}
