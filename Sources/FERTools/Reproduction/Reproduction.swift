import FERCore
import FERData
import FERTraining
import Foundation
import Support

/// A run done again from its stored recipe, and compared with it.
///
/// Equal recipes on equal data give equal bytes on one kind of CPU, for any number of threads. So everything is compared
/// exactly: each line of metrics.jsonl as it is written, then every array of the checkpoints, then the predictions. A run
/// that was stopped is compared as far as it came.
package struct Reproduction {
  /// What came out.
  package enum Result: Equatable, Sendable {
    /// Nothing differs; what was compared, in a sentence.
    case identical(String)
    /// The first difference.
    case different(RunDifference)
    /// A signal asked to stop.
    case interrupted(signal: Int32)
  }

  private let run: StoredRun
  private let recipe: Recipe
  private let train: RecipeImages
  private let validation: RecipeImages?
  /// What was other when the run was made and cannot be put right here: sentences. The result may differ for it.
  package let remarks: [String]
  /// What is other in the data, file by file.
  package let dataChanges: [String]

  /// Reads the run's recipe and every file that it trains on.
  /// - Throws: where the run cannot be done again: there is none, its recipe or its data cannot be read.
  package init(_ path: String, registry: Registry) throws {
    run = try StoredRun(path)
    recipe = try RunFolder.recipe(ofRun: path, registry: registry)
    train = try RecipeImages(.train, of: recipe, isTraining: true)
    validation = try RecipeImages.load(.validation, of: recipe)
    var remarks = run.changes(of: recipe).map { "recipe.json5 has been changed since: \($0)" }
    remarks += run.changes(of: .current)
    remarks += try run.folder.resumedWithOthers
    if let before = try DataFingerprint(ofRun: path) {
      dataChanges = before.differences(
        to: try DataFingerprint(of: recipe, train: train, validation: validation))
    } else {
      dataChanges = []
      remarks.append(
        "the run has no \(DataFingerprint.name), so nobody can tell whether its images are still the same; "
          + "an older version of this program trained it")
    }
    self.remarks = remarks
  }

  /// How much there is to do again, in words.
  package var task: String {
    run.isFinished
      ? "\(run.step) steps"
      : "\(run.step) steps, as far as the run came" + (run.isBetweenEpochs ? " (epoch \(run.epoch))" : "")
  }

  /// Trains again in a new folder and ends at the first difference.
  /// - Throws: what training throws.
  package func run(in path: String, console: Console) throws -> Result {
    let metrics = MetricsComparison(run.metrics)
    do {
      // Between two epochs the last one has been validated, which no number of steps tells.
      let isOpen = !run.isFinished && !run.isBetweenEpochs
      let end = try TrainingSession(recipe, in: path, console: console, report: { _ in }).start(
        train: train, validation: validation, steps: isOpen ? run.step : nil,
        epochs: run.isFinished || isOpen ? nil : run.epoch, witness: metrics.compare)
      if case .interrupted(let signal) = end { return .interrupted(signal: signal) }
      try metrics.end()
      var compared = ["\(metrics.count) lines of metrics.jsonl"]
      for name in run.isFinished ? ["last", "best"] : ["last"] {
        let file = "checkpoints/\(name).safetensors"
        guard name == "last" || FileSystem.exists(run.folder.file(file)) else {
          continue
        }
        let count = try RunDifference.compareWeights(file, of: run.folder.path, with: path)
        compared.append("\(count) arrays of \(file)")
      }
      if run.isFinished, FileSystem.exists(run.folder.file("predictions.csv")) {
        let count = try RunDifference.comparePredictions(of: run.folder.path, with: path)
        compared.append("predictions of \(count) images")
      }
      return .identical(
        compared.joined(separator: ", ") + (run.isFinished ? "" : "; the run came to step \(run.step)"))
    } catch let difference as RunDifference {
      return .different(difference)
    }
  }
}
