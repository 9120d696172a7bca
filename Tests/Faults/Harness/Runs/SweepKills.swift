import Foundation
import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// Kills sweeps at random times: the same command again must come to the same table and the same weights.
struct SweepKills {
  private static let patience = 120.0
  private let options: Options
  private let tally: Tally

  init(_ options: Options, _ tally: Tally) { (self.options, self.tally) = (options, tally) }

  func run() throws {
    let file = options.folder + "/sweep.json5"
    let recipe = options.project + "/Tests/Faults/tiny.json5"
    let text = """
      { base: "\(recipe)", axes: [{ key: "losses.nll.smoothing", values: [0, 0.1] }], seeds: [1, 2] }
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    let whole = try sweep(file, "whole", nil)
    guard whole.code == 0 else {
      throw HarnessProblem("the sweep fails undisturbed: \(whole.ending); \(whole.lastWords)")
    }
    let reference = try SharedSweeps.results(options.folder + "/whole")
    guard reference.count >= 4 else { throw HarnessProblem("the sweep has only \(reference.keys.sorted())") }
    let trials = options.only.map { $0 + 1 } ?? max(1, options.count)
    Lanes.run(Array(0..<trials), options, tally) { number in
      var random = RandomSource(seed: options.seed, stream: "sweeps", sample: UInt64(number))
      let time = Double(random.uniform()) * whole.seconds
      do {
        let killed = try sweep(file, "sweep\(number)", (SIGKILL, time))
        guard killed.code == 0 || killed.signal == SIGKILL else {
          return .fault("\(killed.ending); \(killed.lastWords)")
        }
        let again = try sweep(file, "sweep\(number)", nil)
        guard again.code == 0 else {
          return .fault("killed after \(time) s: \(again.ending) when called again; \(again.lastWords)")
        }
        let found = try SharedSweeps.results("\(options.folder)/sweep\(number)")
        let names = reference.keys.filter { found[$0] != reference[$0] }.sorted()
        guard names.isEmpty else {
          return .fault("killed after \(time) s: differs in \(names.joined(separator: ", "))")
        }
        try? FileManager.default.removeItem(atPath: options.folder + "/sweep\(number)")
        return .survived
      } catch { return .fault("the harness failed: \(error)") }
    }
  }

  private func sweep(_ file: String, _ name: String, _ stop: (signal: Int32, after: Double)?) throws
    -> Subprocess
  {
    let scratch = options.folder + "/" + name + ".told"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    return try Subprocess.run(
      options.program, ["sweep", file, "--out", options.folder + "/" + name],
      environment: Laboratory.environment,
      scratch: scratch, stop: stop, patience: Self.patience)
  }
}
