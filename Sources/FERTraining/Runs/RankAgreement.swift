import FERCore
import FERData
import Foundation
import NeuralKit
import Support
import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// Something that has to be the same on every rank, or their sums mean nothing.
package struct SharedFact {
  /// What it is called: "recipe".
  let name: String
  /// What it is; the first line that differs is told.
  let lines: [String]
  /// What to do where it differs.
  let advice: String

  private var digest: String { Self.digest(lines) }

  private static func digest(_ lines: [String]) -> String { Digest.sha256(lines.joined(separator: "\n")) }

  /// Compares facts over all ranks; every rank finds the same. One process by itself has nothing to find out.
  /// - Throws: ``RunProblem`` that names each rank with another fact than most have, its machine, and what differs.
  package static func require(_ facts: @autoclosure () -> [SharedFact], on ranks: any Collective) throws {
    guard ranks.size > 1 else { return }
    let facts = facts()
    let told = try ranks.gathered(values: [ProcessInfo.processInfo.hostName] + facts.map(\.digest))
    let names = told.enumerated().map { "rank \($0) on \($1.first?.printable ?? "?")" }
    guard told.allSatisfy({ $0.count == facts.count + 1 }) else {
      throw RunProblem.request("the ranks do not run the same program: \(names.listed(atMost: 4))")
    }
    var problems: [String] = []
    for (place, fact) in facts.enumerated() {
      let odd = Self.odd(in: told.map { $0[place + 1] })
      guard let usual = names.indices.first(where: { !odd.contains($0) }), !odd.isEmpty else { continue }
      let lines = try ranks.gathered(values: fact.lines)
      problems += odd.prefix(4).map {
        fact.sentence((names[$0], lines[$0]), against: (names[usual], lines[usual]))
      }
      if odd.count > 4 { problems.append("and \(odd.count - 4) more ranks with another \(fact.name)") }
    }
    if !problems.isEmpty { throw RunProblem.request(problems.joined(separator: "\n")) }
  }

  /// The ranks whose digest is another one than that of most; where as many have one as another, the first rank's counts.
  static func odd(in digests: [String]) -> [Int] {
    var counts: [String: Int] = [:]
    for digest in digests { counts[digest, default: 0] += 1 }
    let most = counts.values.max() ?? 0
    let usual = digests.first { counts[$0] == most }
    return digests.indices.filter { digests[$0] != usual }
  }

  /// What is wrong with a rank.
  func sentence(_ odd: (name: String, lines: [String]), against usual: (name: String, lines: [String]))
    -> String
  {
    let count = max(odd.lines.count, usual.lines.count)
    let line = { (lines: [String], place: Int) in place < lines.count ? lines[place] : "nothing more" }
    let place = (0..<count).first { line(odd.lines, $0) != line(usual.lines, $0) } ?? 0
    return "\(odd.name): its \(name) is another one than that of \(usual.name); \(advice)\n"
      + "  here:  \(line(odd.lines, place).printable)\n  there: \(line(usual.lines, place).printable)"
  }
}

extension SharedFact {
  /// What must be the same before anything is read: program, command, recipe, and what decides the bits of a sum.
  package static func ofStart(_ recipe: Recipe) -> [SharedFact] {
    let machine = Environment.current
    let program = (try? Digest.sha256(ofFile: Program.path)) ?? "unknown"
    return [
      SharedFact(
        name: "program", lines: ["arbex \(Program.version), SHA-256 \(program)"],
        advice: "install the same build on every machine"),
      SharedFact(
        name: "command", lines: [CommandLine.words.dropFirst().joined(separator: " ")],
        advice: "start all ranks with the same words"),
      SharedFact(
        name: "kind of CPU",
        lines: [
          "CPU: \(machine.processor)", "kernels: \(machine.kernels.rawValue)",
          "OpenBLAS kernel: \(machine.kernel)", "OpenBLAS: \(machine.openBLAS)",
          "C library: \(libraryVersion)",
        ], advice: "start the ranks on machines of one kind"),
      SharedFact(
        name: "recipe", lines: recipe.values.map { "\($0.path) = \($0.value.oneLine)" },
        advice: "let all ranks read the same recipe"),
    ]
  }

  /// The C library's name and version: its `exp` and `log` are not the same bits everywhere.
  private static var libraryVersion: String {
    var text = [CChar](repeating: 0, count: 64)
    confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count - 1)
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// How many files of a set are read to compare what is in them.
  private static let filesRead = 128

  /// What the data must have in common: names, labels and persons of all images, and the content of some, spread over each
  /// set; reading all on every machine would take longer than many trainings.
  /// - Parameter fingerprint: of what label policies read.
  static func ofData(
    _ recipe: Recipe, train: any BatchSource, validation: (any BatchSource)?, labels fingerprint: String
  ) -> SharedFact {
    let files = DataFingerprint.open(recipe, train: train, validation: validation, labels: fingerprint)
    var lines: [String] = []
    for set in ["train", "validation", "labels"] {
      let own = files.filter { $0.entry.set == set }
      lines.append("\(set): \(own.count) files, SHA-256 of names and labels \(digest(own.map(\.entry.line)))")
      let some = min(own.count, filesRead)
      lines += (0..<some).map { own[$0 * own.count / some].read().line }
    }
    return SharedFact(
      name: "data", lines: lines, advice: "give every machine the same files, best in a folder that all share"
    )
  }
}

extension Trainer {
  /// Where the run stands and what its numbers are.
  var standing: SharedFact {
    let digest = Digest()
    let moments = step.optimizer.state.tensors.sorted { $0.key < $1.key }.map(\.value)
    let averages = average?.state.tensors.sorted { $0.key < $1.key }.map(\.value) ?? []
    for tensor in model.store.all.map(\.value) + moments + averages {
      tensor.values.withUnsafeBytes(digest.update)
    }
    return SharedFact(
      name: "start",
      lines: [
        "epoch \(state.epoch + 1), batch \(state.batch), step \(state.step)",
        "SHA-256 of weights and moments \(digest.finish())",
      ],
      advice:
        "all must read the same checkpoint and the same files of weights, best in a folder that all share")
  }
}

extension Collective {
  /// The signal that asks any rank to stop, the same on every rank at the same moment; nil where none came anywhere.
  /// - Throws: ``CollectiveFault``
  package func agreed(_ signal: Int32?) throws -> Int32? {
    guard size > 1 else { return signal }
    return try gathered([Float(signal ?? 0)]).joined().first { $0 > 0 }.map { Int32($0) }
  }

  /// Puts the numbers of rank 0 into these parameters on every rank.
  /// - Throws: ``CollectiveFault``
  func share(_ parameters: [Parameter]) throws {
    guard size > 1 else { return }
    for parameter in parameters {
      let bytes = try broadcast(rank == 0 ? parameter.value.values.withUnsafeBytes { Array($0) } : [])
      parameter.value = Tensor(
        parameter.value.shape, bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
    }
  }
}
