import FERTraining
import Foundation
import NeuralKit
import Support

/// What came of a job: how its last and its best weights do on the validation images.
package struct SweepResult: Codable, Sendable {
  /// The numbers of one set of weights.
  package struct Scores: Codable, Sendable {
    /// Of one distribution's shares.
    package struct Shares: Codable, Sendable {
      /// "primary", a correction's name, "final".
      package let name: String
      /// The mean of −ln p, and the expected calibration error.
      package let nll, ece: Double?
    }
    /// Of the head's distribution, and of the balanced one.
    package let primary, corrected: LogLine.Scores
    /// Of all of them.
    package let distributions: [Shares]?
  }

  /// Those of the last epoch.
  package let last: Scores?
  /// Those that the run kept as its best.
  package let best: Scores?
  /// Wall time of training, interruptions left out.
  package let seconds: Double
  /// The largest memory of the process meanwhile, in megabytes; nil where the system does not tell.
  package let peakMemory: Int?

  /// What a finished run's files tell.
  /// - Throws: ``FileProblem`` where they cannot be read or are damaged.
  package init(ofRun folder: String, seconds: Double, peakMemory: Int?) throws {
    let log = try FileSystem.contents(folder + "/metrics.jsonl") ?? Data()
    let line = String(decoding: log, as: UTF8.self).split(separator: "\n").last {
      $0.contains("\"event\": \"validation\"")
    }
    last = line.flatMap { JSONValue.decoded(from: $0) }
    let file = folder + "/checkpoints/best.safetensors"
    best =
      try FileSystem.exists(file)
      ? WeightFile(intact: file).metadata["scores"].flatMap { JSONValue.decoded(from: $0) } : nil
    (self.seconds, self.peakMemory) = (seconds, peakMemory)
  }
}
