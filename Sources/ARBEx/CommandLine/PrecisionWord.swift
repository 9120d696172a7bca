import FERCore
import TensorKit
import Support

extension Verb.Flag {
  /// `--precision`, on every verb that predicts.
  static let precision = Verb.Flag(
    "--precision", value: "NAME",
    "numbers that products are made in: float32 (where not given), or bf16, faster on CPUs with AVX512-BF16")
}

extension Invocation {
  /// The precision of `--precision`; 32-bit floats where not given.
  /// - Throws: ``UsageProblem`` where the word is none, or what it names cannot be had here.
  func precision() throws(UsageProblem) -> Precision {
    try PrecisionWord.precision(value(Verb.Flag.precision.name), obstacle: precisionObstacle)
  }
}

/// The word behind `--precision`.
enum PrecisionWord {
  /// - Parameter obstacle: what a process lacks for a precision, in words; nil where it has all.
  static func precision(_ word: String?, obstacle: (Precision) -> String?) throws(UsageProblem) -> Precision {
    guard let word else { return .float32 }
    let known = Precision.allCases.map(\.rawValue)
    guard let precision = Precision(rawValue: word) else {
      throw UsageProblem(
        "--precision: there is no precision \(JSONValue.quoted(word))\(NearestName.suggestion(for: word, among: known))"
          + "\n  known: \(known.joined(separator: ", "))")
    }
    guard let obstacle = obstacle(precision) else { return precision }
    throw UsageProblem(
      "--precision \(word) cannot be had here: \(obstacle); use float32, which runs everywhere")
  }

  /// For the doctor.
  static func description(obstacle: String?) -> String {
    obstacle.map { "cannot be had: \($0)" } ?? "there, by --precision bf16"
  }
}
