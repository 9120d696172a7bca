import FERCore
import NeuralKit
import Support

/// A value of a recipe that is other than when its run was trained so far, and whether the run may go on with it.
struct RecipeChange {
  /// What becomes of the run.
  enum Verdict: Equatable {
    /// Nothing that was done so far would have been other with the new value; why, in words.
    case allowed(String)
    /// Something would, or may; why, where it does not speak for itself.
    case refused(String?)
  }

  let value: JSONValue.Change
  let verdict: Verdict

  /// For people.
  var sentence: String {
    switch verdict {
    case .allowed(let why): "\(value.sentence) (\(why))"
    case .refused(let why): value.sentence + (why.map { "; \($0)" } ?? "")
    }
  }
  var isAllowed: Bool {
    if case .allowed = verdict { return true }
    return false
  }
}

/// Decides which changes of a recipe leave all that was trained so far as it is.
package struct RecipeChanges {
  /// Keys whose values change no number that a run computes.
  package static let ofNoNumber = [
    "training.workers", "training.checkpointMinutes", "training.checkpointSteps",
  ]

  /// Every value that is other, in the order of their places.
  let all: [RecipeChange]
  /// Whether a file of weights that the model started from lies elsewhere now.
  let moveWeights: Bool

  /// - Parameter state: how far training came.
  init(from old: Recipe, to new: Recipe, at state: TrainingState) {
    let judge = Judge(old: old, new: new, state: state)
    all = JSONValue.differences(from: old.effective, to: new.effective).map {
      RecipeChange(value: $0, verdict: judge.verdict(on: $0))
    }
    let weights = Set(new.weightFiles.map(\.key.description))
    moveWeights = all.contains { weights.contains($0.value.path) }
  }

  private struct Judge {
    let old, new: Recipe
    let state: TrainingState
    let files: Set<String>

    init(old: Recipe, new: Recipe, state: TrainingState) {
      (self.old, self.new, self.state) = (old, new, state)
      files = Set((old.filePlaces + new.filePlaces).map(\.description))
    }

    func verdict(on change: JSONValue.Change) -> RecipeChange.Verdict {
      switch change.path {
      case let path where RecipeChanges.ofNoNumber.contains(path): return .allowed("changes no number")
      case "training.logSteps": return .allowed("only what is noted from here on")
      case "name": return .allowed("only the name")
      case "training.epochs": return epochs
      case "training.patience": return patience
      case let path where path == "data.faces" || path.hasPrefix("data.faces."):
        return .allowed("says how the images were made; they are compared")
      case let path where path.hasPrefix("data.test."): return .allowed("training does not read it")
      case let path where path.hasPrefix("training.schedule."):
        return keepsRates
          ? .allowed("the learning rates so far are the same")
          : .refused("steps that are done had other learning rates")
      case let path where files.contains(path) && ![change.before, change.after].contains(JSONValue.absent):
        return .allowed("another path; what lies there is compared")
      default: return .refused(nil)
      }
    }

    private var before: TrainingOptions { old.training }
    private var after: TrainingOptions { new.training }

    private var epochs: RecipeChange.Verdict {
      let begun = state.epoch + (state.batch > 0 ? 1 : 0)
      if after.epochs < begun { return .refused("\(begun) are done or begun") }
      if state.isFinished, state.epoch < before.epochs, !isMorePatient {
        return .refused(
          "training ended after epoch \(state.epoch) because of training.patience \(before.patience); set that higher, too"
        )
      }
      if let epoch = (1...max(1, state.epoch)).first(where: {
        state.epoch > 0 && before.validates(after: $0) != after.validates(after: $0)
      }) {
        return .refused(
          before.validates(after: epoch)
            ? "epoch \(epoch) was validated as the last, and would not have been (training.validateEvery)"
            : "epoch \(epoch) was not validated, and would have been as the last (training.validateEvery)")
      }
      return keepsRates
        ? .allowed("nothing before changes")
        : .refused(
          "\(scheduleName) depends on the number of epochs, so steps that are done had other learning rates; "
            + "a constant schedule does not, and --init-from begins a new run from this one's weights")
    }

    private var isMorePatient: Bool {
      after.patience == 0 || (before.patience != 0 && after.patience > before.patience)
    }

    private var patience: RecipeChange.Verdict {
      isMorePatient ? .allowed("nothing before changes") : .refused("training might have ended before")
    }

    private var scheduleName: String {
      "the schedule " + (new.effective["training"]?["schedule"]?["use"]?.oneLine ?? "")
    }

    /// Whether every step so far would have had the learning rate that it had. Looked at in many moments of each epoch: a
    /// schedule that depends on the number of epochs does so in nearly all of them.
    private var keepsRates: Bool {
      guard let (one, other) = try? (old.makeSchedule(), new.makeSchedule()) else { return false }
      let done = state.epoch + (state.batch > 0 ? 1 : 0)
      let moments = max(4, min(128, 100_000 / max(1, done)))
      return (0..<done).allSatisfy { epoch in
        (0..<moments).allSatisfy { moment in
          let position = Double(epoch) + Double(moment) / Double(moments)
          func rate(_ schedule: any Schedule, _ options: TrainingOptions) -> Float {
            schedule.learningRate(base: 1, at: TrainingProgress(position: position, epochs: options.epochs))
          }
          return rate(one, before) == rate(other, after)
        }
      }
    }
  }
}

extension TrainingOptions {
  /// Whether there is a validation after an epoch, counted from 1.
  func validates(after epoch: Int) -> Bool { epoch % validateEvery == 0 || epoch == epochs }
}
