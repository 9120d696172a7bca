import Foundation
import TensorKit

/// Damages the checkpoint of a run that was stopped half-way. With the one before it whole, the run must say which file
/// is damaged and go on to the same bytes; with both damaged it must refuse and leave everything as it is.
struct DamagedCheckpoints {
  private let options: Options
  private let tally: Tally
  /// The cuts, at every so many parts of the file.
  private static let cuts = 64
  /// Trials beyond the cuts turn one bit each; every fourth trial damages the checkpoint before, too.
  private static let flips = 192

  init(_ options: Options, _ tally: Tally) { (self.options, self.tally) = (options, tally) }

  func run() throws {
    let laboratory = try Laboratory(options)
    let whole = options.folder + "/stopped"
    // Stopped where the last checkpoint but one has just got its name.
    let renames = laboratory.calls.filter { $0.name == "rename" && $0.path.hasSuffix("/last.safetensors") }
    guard renames.count > 2 else {
      throw HarnessProblem("a run of the tiny recipe saves only \(renames.count) checkpoints")
    }
    let end = try laboratory.train(
      whole, fault: Fault(call: renames[renames.count / 2].number, kind: "after")
    ).end
    guard end.signal == SIGKILL else { throw HarnessProblem("the run was not stopped: \(end.ending)") }
    var random = RandomSource(seed: options.seed, stream: "damage")
    let all = Array(0..<(Self.cuts + Self.flips))
    let numbers =
      options.count > 0 && options.only == nil ? Array(random.shuffled(all).prefix(options.count)) : all
    Lanes.run(numbers, options, tally) { verdict($0, laboratory, whole) }
  }

  private func verdict(_ number: Int, _ laboratory: Laboratory, _ whole: String) -> Verdict {
    let run = options.folder + "/damaged\(number)"
    let both = number % 4 == 3
    var random = RandomSource(seed: options.seed, stream: "damage", sample: UInt64(number))
    do {
      try FileManager.default.copyItem(atPath: whole, toPath: run)
      var damaged: [String: Data] = [:]
      for name in both ? ["last", "previous"] : ["last"] {
        let path = run + "/checkpoints/\(name).safetensors"
        guard var bytes = FileManager.default.contents(atPath: path) else {
          return .fault("\(path): is missing")
        }
        if number < Self.cuts {
          bytes = bytes.prefix(bytes.count * number / Self.cuts)
        } else {
          bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        }
        try bytes.write(to: URL(fileURLWithPath: path))
        damaged[path] = Data(bytes)
      }
      let end = try laboratory.train(run, resume: true).end
      let what = number < Self.cuts ? "cut to \(number)/\(Self.cuts)" : "a bit turned"
      guard end.remarks.contains("last.safetensors") else {
        return .fault("\(what): no word of the damage; \(end.lastWords)")
      }
      if both {
        guard end.code == 1 || end.code == 2 else {
          return .fault("\(what), both: \(end.ending); \(end.lastWords)")
        }
        let isUntouched = damaged.allSatisfy { FileManager.default.contents(atPath: $0.key) == $0.value }
        guard isUntouched else { return .fault("\(what), both: refused, but the checkpoints were changed") }
      } else {
        guard end.code == 0 else { return .fault("\(what): \(end.ending); \(end.lastWords)") }
        if let difference = laboratory.difference(run) { return .fault("\(what): \(difference)") }
      }
      laboratory.remove(run)
      return both ? .refused : .survived
    } catch { return .fault("the harness failed: \(error)") }
  }
}
