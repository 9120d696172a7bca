import FERCore
import NeuralKit
import Support

/// Where training stands, beside the numbers of model and optimiser: all that decides what comes next.
struct TrainingState: Codable, Equatable {
  /// Epochs completed, which is also the index of the current one.
  var epoch = 0
  /// Batches done in the current epoch, those left out among them.
  var batch = 0
  /// Samples of the current epoch that could not be read.
  var skipped: [Int] = []
  /// Steps done in all.
  var step = 0
  /// What the current epoch has summed up so far.
  var sums = EpochSums()
  /// The best validation so far.
  var best: BestSoFar?
  /// Bytes of metrics.jsonl that belong to this state.
  var metricsLength = 0
  /// What the label policies have learned, in their order; nil where there are none.
  var labels: [ComponentState]?
  /// Whether all epochs are done and the results written.
  var isFinished = false
}

/// Sums over the images of the epoch so far.
struct EpochSums: Codable, Equatable {
  var images = 0
  /// By the balanced distribution.
  var correct = 0
  /// By the head's; nil in an epoch that a version of this program began which did not count it.
  var primaryCorrect: Int? = 0
  var loss = 0.0
  var losses: [String: Double] = [:]
}

/// The validation that chose the best checkpoint.
struct BestSoFar: Codable, Equatable {
  /// The number it was chosen by, larger is better.
  var score: Double
  /// The epoch after which it was reached.
  var epoch: Int
}

extension WeightFile {
  /// Where training stood when it was written; nil where it is no checkpoint.
  var trainingState: TrainingState? {
    metadata["state"].flatMap { JSONValue.decoded(TrainingState.self, from: $0) }
  }
}
