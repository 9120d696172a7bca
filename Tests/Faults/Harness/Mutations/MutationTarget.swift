import ARBEx
import Foundation
import Support
import TensorKit

/// Something that takes inputs from outside: makes input after input from seeds and gives each to the program's own
/// code, in this process.
protocol MutationTarget {
  /// - Parameter options: `folder` is its own, empty; seeds lie in `project`.
  init(_ options: Options) throws
  /// How many seconds the input of that number may take.
  func allowance(_ number: Int) -> Double
  /// Makes the input of that number and tries it.
  func attempt(_ number: Int, _ random: inout RandomSource) throws -> Verdict
}

/// The targets by name.
enum MutationTargets {
  private static var all: [(name: String, type: any MutationTarget.Type)] {
    [
      ("recipes", RecipeTarget.self), ("images", ImageTarget.self), ("weights", WeightTarget.self),
      ("tables", TableTarget.self), ("commands", CommandTarget.self),
    ]
  }

  /// Those that `make faults` tries.
  static var names: [String] { all.map(\.name) }

  static func made(_ name: String, _ options: Options) throws -> any MutationTarget {
    if let broken = BrokenTarget(name: name) { return broken }
    guard let entry = all.first(where: { $0.name == name }) else {
      throw HarnessProblem("no target \"\(name)\"")
    }
    return try entry.type.init(options)
  }
}

/// What the command line answered within this process.
struct CommandAnswer {
  let code: Int32
  let printed, remarked: String

  init(_ arguments: [String]) {
    let (printed, remarked) = (Lines(), Lines())
    code = CommandLineTool.run(arguments, output: CommandOutput(print: printed.add, remark: remarked.add))
    (self.printed, self.remarked) = (printed.text, remarked.text)
  }

  /// 0 is taken; 1 and 2 are refused and need a sentence; all else is a fault.
  /// - Parameter report: whether the verb's report says why, so that standard output will do.
  func verdict(report: Bool = false) -> Verdict {
    switch code {
    case 0: return .survived
    case 1, 2:
      let sentence = (remarked + (report ? printed : "")).trimmingCharacters(in: .whitespacesAndNewlines)
      guard sentence.contains(" ") else { return .fault("exit code \(code) without a sentence") }
      return remarked.contains("Fatal error")
        ? .fault("exit code \(code): \(remarked.prefix(300))") : .refused
    default: return .fault("exit code \(code): \(remarked.prefix(300))")
    }
  }

  /// A loader's threads may tell something, too.
  private final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var lines = ""
    func add(_ line: String) { lock.withLock { lines += line + "\n" } }
    var text: String { lock.withLock { lines } }
  }
}

/// Targets that fail on purpose, so that the loop can be seen to notice: all inputs but number 7 are taken.
struct BrokenTarget: MutationTarget {
  static let names = ["broken-crash", "broken-hang", "broken-silence"]
  static let number = 7
  private let name: String

  init(_ options: Options) { name = options.target }
  init?(name: String) {
    guard Self.names.contains(name) else { return nil }
    self.name = name
  }

  func allowance(_ number: Int) -> Double { 0.5 }

  func attempt(_ number: Int, _ random: inout RandomSource) -> Verdict {
    guard number == Self.number else { return .survived }
    switch name {
    case "broken-crash": fatalError("on purpose")
    case "broken-hang": while true { usleep(100_000) }
    default: return CommandAnswer(["--version"]).code == 0 ? .fault("on purpose") : .survived
    }
  }
}
