import FERTools
import Foundation
import Support
import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// Three processes work at one sweep, and something happens to one of them at a random time: it is killed, asked to end, or only
/// stopped and let go on when others have taken its job over, are at it, or have long finished. The others must come to the
/// weights and metrics of one process, with every job done once.
struct SharedSweeps {
  private static let (patience, silence) = (120.0, 2.0)
  private let options: Options
  private let tally: Tally

  init(_ options: Options, _ tally: Tally) { (self.options, self.tally) = (options, tally) }

  private var file: String { options.folder + "/shared.json5" }

  func run() throws {
    let text = """
      { base: "\(options.project)/Tests/Faults/tiny.json5", axes: [{ key: "losses.nll.smoothing", values: [0, 0.1, 0.2] }],
        seeds: [1, 2] }
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    let alone = try Member("alone", options, file)
    guard alone.code(within: Self.patience) == 0 else {
      throw HarnessProblem("the sweep fails undisturbed: \(alone.words)")
    }
    let reference = try Self.results(options.folder + "/alone")
    guard reference.count == 12 else { throw HarnessProblem("the sweep has only \(reference.keys.sorted())") }
    let seconds = alone.seconds
    Lanes.run(Array(0..<(options.only.map { $0 + 1 } ?? max(1, options.count))), options, tally) { number in
      var random = RandomSource(seed: options.seed, stream: "shared sweeps", sample: UInt64(number))
      let signal = [SIGKILL, SIGSTOP, SIGSTOP, SIGTERM, SIGUSR1][random.below(5)]
      let time = Double(random.uniform()) * seconds / 2
      let pause = Double(random.uniform()) * 3 * Self.silence
      let what = "signal \(signal) after \(time) s" + (signal == SIGSTOP ? ", goes on after \(pause) s" : "")
      do {
        if let problem = try trial("shared\(number)", signal, time, pause, reference) {
          return .fault("\(what): \(problem)")
        }
        return .survived
      } catch { return .fault("the harness failed: \(error)") }
    }
  }

  /// - Returns: what is wrong; nil for nothing.
  private func trial(
    _ name: String, _ signal: Int32, _ time: Double, _ pause: Double, _ reference: [String: Data]
  ) throws -> String? {
    let members = try (0..<3).map { try Member(name, options, file, number: $0) }
    let victim = members[1]
    usleep(UInt32(time * 1e6))
    kill(victim.process, signal)
    if signal == SIGSTOP {
      usleep(UInt32(pause * 1e6))
      kill(victim.process, SIGCONT)
    }
    for member in members {
      let code = member.code(within: Self.patience)
      // Before it listens, a signal ends a process as the system does.
      let expected =
        member === victim && signal != SIGSTOP
        ? [0, 128 + signal] + (signal == SIGKILL ? [] : [75]) : [0]
      guard let code, expected.contains(code) else {
        return "\(member === victim ? "the victim" : "another process"): \(member.words)"
      }
    }
    let folder = options.folder + "/" + name
    let found = try Self.results(folder)
    let names = reference.keys.filter { found[$0] != reference[$0] }.sorted()
    guard names.isEmpty else { return "differs in \(names.joined(separator: ", "))" }
    let table = String(
      decoding: FileManager.default.contents(atPath: folder + "/results.csv") ?? Data(), as: UTF8.self)
    guard table.split(separator: "\r\n").count(where: { $0.contains(",done,") }) == 12 else {
      return "the table is not whole"
    }
    // The victim had one job at that time, or none: one mark of it more than there are jobs.
    let marks = try FolderNames.all(in: folder + "/claims")
    guard (6...7).contains(marks.count) else {
      return "jobs were taken too often: \(marks.joined(separator: ", "))"
    }
    try? FileManager.default.removeItem(atPath: folder)
    return nil
  }

  /// Each job's weights and metrics, by their path in the sweep's folder.
  static func results(_ folder: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
    where path.hasSuffix("last.safetensors") || path.hasSuffix("metrics.jsonl") {
      found[path] = FileManager.default.contents(atPath: folder + "/" + path)
    }
    return found
  }
}

/// One process of a sweep.
private final class Member {
  let process: pid_t
  private let scratch: String
  private let start = Clock.seconds
  private(set) var seconds = 0.0
  private var ending: Int32?

  init(_ name: String, _ options: Options, _ file: String, number: Int = 0) throws {
    scratch = "\(options.folder)/\(name)-\(number).told"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    process = try ChildProcess.start(
      options.program, ["sweep", file, "--out", "\(options.folder)/\(name)", "--silence", "2"],
      environment: Laboratory.environment, in: scratch)
  }

  /// Waits for its end.
  /// - Returns: its code, 128 and the signal where one ended it; nil where it took too long, and was killed.
  func code(within patience: Double) -> Int32? {
    var status: Int32 = 0
    while waitpid(process, &status, WNOHANG) == 0 {
      guard Clock.seconds - start < patience else {
        kill(process, SIGKILL)
        waitpid(process, &status, 0)
        return nil
      }
      usleep(2000)
    }
    seconds = Clock.seconds - start
    ending = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f
    return ending
  }

  /// How it ended, and its last words.
  var words: String {
    let lines = ChildProcess.written(in: scratch).remarks.split(separator: "\n").suffix(3)
    return "\(ending.map { "exit code \($0)" } ?? "no end"); \(lines.joined(separator: " / ").prefix(400))"
  }
}
