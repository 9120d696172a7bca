import FERCore
import NeuralKit
import Support

/// What the files of a run tell of how it came about, whatever program made them; nil where they do not.
package struct RunFacts {
  /// The recipe's file that it was started from.
  package let recipeFile: String?
  /// How its recipe differs from that file, a sentence each.
  package let changes: [String]?
  /// When the first and the last thing was noted, in seconds since the beginning of 1970.
  package let begin, end: Double?
  /// The epoch that brought its best weights, from 1.
  package let bestEpoch: Int?
  /// Steps and epochs that its last checkpoint holds.
  package let steps, epochs: Int?

  /// Reads them.
  /// - Throws: ``FileProblem`` where a file is there and cannot be read. What a damaged checkpoint says is not told.
  package init(of folder: RunFolder) throws {
    let origin = try FileSystem.text(of: folder.file("environment.json"))
      .flatMap { JSONValue.decoded(Origin.self, from: $0) }
    (recipeFile, changes) = (origin?.recipe, origin?.changes)
    let ends = try LogLine.ends(of: folder.file("timings.jsonl"))
    (begin, end) = (ends.first?.time, ends.last?.time)
    let state = ["last", "previous"].firstResult {
      try? WeightFile(intact: "\(folder.checkpoints)/\($0).safetensors").trainingState
    }
    (bestEpoch, steps, epochs) = (state?.best?.epoch, state?.step, state?.epoch)
  }

  /// What environment.json says of the recipe.
  private struct Origin: Decodable {
    let recipe: String?
    let changes: [String]?
  }
}

extension RunFolder {
  /// What label policies did in its training; none where there were none, or an older version of this program trained it.
  /// - Throws: ``FileProblem`` where they cannot be read.
  package var remarks: [Table] {
    get throws { try FileSystem.text(of: file("remarks.json")).flatMap { JSONValue.decoded(from: $0) } ?? [] }
  }

  /// Keeps what label policies did for later reports.
  func keep(_ remarks: [Table]) throws {
    try AtomicFile.write(JSONValue.text(encoding: remarks) + "\n", to: file("remarks.json"))
  }
}

extension LogLine {
  /// The first and the last line of a file, without reading what is between; nil where they are damaged.
  fileprivate static func ends(of path: String) throws -> (first: LogLine?, last: LogLine?) {
    guard let file = try OpenFile.existing(path) else { return (nil, nil) }
    let size = min(file.length, 4096)
    let line = { (start: Int, choose: ([ArraySlice<UInt8>]) -> ArraySlice<UInt8>?) throws -> LogLine? in
      let bytes = try file.read(from: start, count: size)
      return choose(bytes.split(separator: UInt8(ascii: "\n"))).flatMap {
        LogLine(String(decoding: $0, as: UTF8.self))
      }
    }
    return (try line(0, \.first), try line(file.length - size, \.last))
  }
}
