import Foundation

/// Tries to break `arbex`: faulty inputs, failing system calls, kills, damaged checkpoints. `Tests/Faults/run` builds
/// and calls it.
@main
enum FaultHarness {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    do {
      let options = try Options(Array(CommandLine.arguments.dropFirst()))
      if options.mode == Worker.mode { try Worker.run(options) }
      guard let trials = Trials.named(options.mode) else {
        throw HarnessProblem(
          "there is no mode \"\(options.mode)\"; known: \(Trials.names.joined(separator: ", "))")
      }
      try FileManager.default.createDirectory(atPath: options.folder, withIntermediateDirectories: true)
      let start = Date()
      let tally = Tally(options)
      try trials(options, tally)
      print(tally.summary(seconds: Date().timeIntervalSince(start)))
      exit(tally.faults.isEmpty ? 0 : 1)
    } catch {
      FileHandle.standardError.write(Data("FaultHarness: \(error)\n".utf8))
      exit(2)
    }
  }
}

/// Every kind of trial by its name.
enum Trials {
  typealias Trial = (Options, Tally) throws -> Void

  static var all: [(name: String, run: Trial)] {
    MutationTargets.names.map { name in (name, { try MutationLoop(name, $0, $1).run() }) } + [
      ("calls", { try FailingCalls($0, $1).run() }), ("kills", { try Kills($0, $1).atEachCall() }),
      ("random-kills", { try Kills($0, $1).atRandomTimes() }), ("signals", { try Kills($0, $1).bySignals() }),
      ("sweeps", { try SweepKills($0, $1).run() }), ("shared-sweeps", { try SharedSweeps($0, $1).run() }),
      ("damage", { try DamagedCheckpoints($0, $1).run() }),
      ("surroundings", { try Surroundings($0, $1).run() }),
      ("order", { try WriteOrder($0, $1).run() }), ("controls", { try Controls($0, $1).run() }),
    ]
  }

  static var names: [String] { all.map(\.name) }
  static func named(_ name: String) -> Trial? {
    BrokenTarget.names.contains(name)
      ? { try MutationLoop(name, $0, $1).run() } : all.first { $0.name == name }?.run
  }
}

/// What stops the harness itself.
struct HarnessProblem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
