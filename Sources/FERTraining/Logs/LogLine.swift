import Foundation
import Support

/// A line of metrics.jsonl or timings.jsonl, as far as tables and curves need it; what a line does not tell is nil.
package struct LogLine: Decodable, Sendable {
  /// What one of the two distributions is worth.
  package struct Scores: Codable, Sendable {
    package let accuracy: Double?
    package let macroPrecision: Double?
    package let macroRecall: Double?
    package let macroF1: Double?
  }

  /// "step", "epoch" or "validation"; in timings.jsonl also "checkpoint".
  package let event: String
  /// Steps done in all.
  package let step: Int
  /// The epoch that it belongs to, from 1.
  package let epoch: Int?
  package let images: Int?
  package let learningRate: Double?
  /// The objective.
  package let loss: Double?
  /// Each loss before its weight.
  package let losses: [String: Double?]?
  /// Of the head's distribution.
  package let primary: Scores?
  /// Of the balanced distribution.
  package let corrected: Scores?
  /// What lines of epochs told before they told ``corrected``: its accuracy.
  package let accuracy: Double?
  /// Registered metrics.
  package let metrics: [String: Double?]?

  /// When it was written, in seconds since the beginning of 1970.
  package let time: Double?
  /// Seconds that a step waited for its batch.
  package let data: Double?
  /// Seconds that a step computed.
  package let compute: Double?
  /// Seconds that the whole took.
  package let seconds: Double?
  package let imagesPerSecond: Double?

  /// The numbers of a member by name, in the order of their names, without those that are undefined.
  static func numbers(_ member: [String: Double?]?) -> [(name: String, value: Double)] {
    (member ?? [:]).sorted { $0.key < $1.key }.compactMap { name, value in value.map { (name, $0) } }
  }
}

extension LogLine {
  /// The line that a text holds; nil where it is damaged.
  init?(_ text: String) {
    guard let line = JSONValue.decoded(LogLine.self, from: text) else { return nil }
    self = line
  }

  /// The lines of a file in their order, without those that are damaged; none where there is no file.
  /// - Throws: ``FileProblem`` where it cannot be read.
  package static func all(in path: String) throws -> [LogLine] {
    let decoder = JSONDecoder()
    return try (FileSystem.contents(path) ?? Data()).split(separator: newline).compactMap {
      try? decoder.decode(LogLine.self, from: Data($0))
    }
  }

  /// How many bytes at a file's beginning are whole lines that satisfy a condition.
  /// - Throws: ``FileProblem`` where it cannot be read.
  static func length(of path: String, while isKept: (LogLine) -> Bool) throws -> Int {
    let (bytes, decoder) = (try FileSystem.contents(path) ?? Data(), JSONDecoder())
    var start = 0
    while let end = bytes[start...].firstIndex(of: newline),
      let line = try? decoder.decode(LogLine.self, from: Data(bytes[start..<end])), isKept(line)
    { start = end + 1 }
    return start
  }

  private static let newline = UInt8(ascii: "\n")
}
