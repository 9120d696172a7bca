import Foundation
import Support

/// What the harness was asked for.
struct Options: Sendable {
  /// What is tried.
  let mode: String
  /// The seed of all that is random; the same seed and number give the same trial.
  private(set) var seed: UInt64 = 1
  /// How many trials; 0 for all there are.
  private(set) var count = 0
  /// The one trial to make, by its number.
  private(set) var only: Int?
  /// The first number that a worker tries, and the target it works on.
  private(set) var from = 0
  private(set) var target = ""
  /// Whether trials go on after the first fault.
  private(set) var keepsGoing = false
  /// How long one input may take, in seconds.
  private(set) var patience = 2.0
  /// How many trials are made at a time.
  private(set) var lanes = max(1, min(2, ProcessInfo.processInfo.activeProcessorCount))
  /// The program that is tried, this one, and the library that makes calls fail.
  private(set) var program: String
  let harness: String
  private(set) var shim = ""
  /// Where trials may write.
  private(set) var folder = NSTemporaryDirectory() + "arbex-faults-\(getpid())"
  /// The project's folder.
  private(set) var project = FileManager.default.currentDirectoryPath

  init(_ arguments: [String]) throws {
    guard let mode = arguments.first else {
      throw HarnessProblem("name a mode: \(Trials.names.joined(separator: ", "))")
    }
    self.mode = mode
    harness = Program.path
    program = PathText.folder(of: harness) + "/arbex"
    var rest = arguments.dropFirst()
    while let flag = rest.popFirst() {
      if flag == "--keep-going" {
        keepsGoing = true
        continue
      }
      guard let value = rest.popFirst() else { throw HarnessProblem("\(flag) needs a value") }
      func number<Number: LosslessStringConvertible>() throws -> Number {
        guard let number = Number(value) else {
          throw HarnessProblem("\(flag) needs a number, was given \(value)")
        }
        return number
      }
      switch flag {
      case "--seed": seed = try number()
      case "--count": count = try number()
      case "--only": only = try number()
      case "--from": from = try number()
      case "--lanes": lanes = try number()
      case "--patience": patience = try number()
      case "--target": target = value
      case "--program": program = value
      case "--shim": shim = value
      case "--folder": folder = value
      case "--project": project = value
      default: throw HarnessProblem("there is no flag \(flag)")
      }
    }
  }

  /// The command that makes one trial again.
  func command(for number: Int, in mode: String? = nil) -> String {
    "Tests/Faults/run \(mode ?? self.mode) --seed \(seed) --only \(number)"
  }
}
