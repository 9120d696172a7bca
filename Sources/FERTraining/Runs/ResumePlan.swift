import FERCore
import FERData
import Foundation
import NeuralKit
import Support

/// Going on with a run: what is other than when its last checkpoint was written, in the recipe and in the data.
package struct ResumePlan {
  /// Whether there is nothing left to do.
  package internal(set) var isComplete: Bool
  /// What differs in the recipe and changes nothing that was done, a sentence each.
  private(set) var allowed: [String] = []
  /// What is other and may make the run another one, a sentence each.
  private(set) var refused: [String] = []
  /// What nobody can tell.
  private(set) var doubts: [String] = []
  /// Whether the data were other than those that the run has been trained on.
  var hasOtherData = false
  /// Whether a changed recipe has to be put into the folder.
  var hasOtherRecipe: Bool { hasChanges || !isRecipeThere }

  private let path: String
  private let recipe: Recipe
  private let goesOnAnyway: Bool
  private let state: TrainingState
  private let isRecipeThere: Bool
  private var hasChanges = false
  private var movesWeights = false
  private var movesFiles = false

  /// Compares the recipe with that of the folder's last checkpoint.
  /// - Parameter anyway: go on where the run becomes another one.
  /// - Throws: ``RunProblem`` where it does otherwise.
  init(_ recipe: Recipe, in path: String, anyway: Bool) throws {
    (self.path, self.recipe, goesOnAnyway) = (path, recipe, anyway)
    isRecipeThere = RunFolder.isRun(path)
    let file = ["last", "previous"].firstResult {
      try? WeightFile(intact: "\(path)/checkpoints/\($0).safetensors")
    }
    state = file?.trainingState ?? TrainingState()
    // Where neither can be read the trainer says so.
    guard let text = file?.metadata["recipe"] else {
      isComplete = false
      return
    }
    if let trained = try? Recipe.load(text: text, path: "\(path)/recipe.json5", registry: recipe.registry) {
      let changes = RecipeChanges(from: trained, to: recipe, at: state)
      allowed = changes.all.filter(\.isAllowed).map(\.sentence)
      refused = changes.all.filter { !$0.isAllowed }.map(\.sentence)
      movesWeights = changes.moveWeights
      movesFiles = changes.all.contains { recipe.filePlaces.map(\.description).contains($0.value.path) }
    } else {
      let trained = (try? JSON5Parser.parse(text).value) ?? .null
      refused = JSONValue.changes(from: trained, to: recipe.effective)
    }
    hasChanges = !(allowed + refused).isEmpty
    isComplete = state.isFinished && !hasChanges
    try refuse("its recipe is not the one that it has been trained by so far; undo these changes")
  }

  /// Compares the data with those that the run was trained on.
  /// - Throws: ``RunProblem`` where they are other, and going on was not asked for.
  mutating func compareData(train: any BatchSource, validation: (any BatchSource)?) throws {
    let before: DataFingerprint
    do {
      guard let found = try DataFingerprint(ofRun: path) else {
        return try doubt("\(path.printable): holds no \(DataFingerprint.name)")
      }
      before = found
    } catch { return try doubt("\(error)") }
    let labels = before.entries.first { $0.set == "labels" }?.sha256 ?? ""
    let files = DataFingerprint.open(recipe, train: train, validation: validation, labels: labels)
    let now = DataFingerprint.now(files, ofRun: path, before: before)
    // The checkpoint holds what became of the weights that the model started from; only where they are looked for
    // elsewhere must they be the same, for whoever runs the recipe again.
    let sets = ["train", "validation", "labels"] + (movesWeights ? ["weights"] : [])
    let changes = before.only(sets).differences(to: now.only(sets))
    hasOtherData = !changes.isEmpty
    refused += changes
    try refuse("its images, labels or weights are not those that it has been trained on; put them back")
  }

  private mutating func doubt(_ why: String) throws {
    doubts.append("\(why), so nobody can tell whether images and labels are still the same")
    hasOtherData = goesOnAnyway
    guard movesFiles else { return }
    refused += doubts
    try refuse("its data are looked for elsewhere; put the paths back")
  }

  private func refuse(_ what: String) throws {
    guard !refused.isEmpty, !goesOnAnyway else { return }
    let more = refused.count > 20 ? "\n  and \(refused.count - 20) more" : ""
    throw RunProblem.request(
      "\(path.printable): \(what), start a new run with --out, or go on with --anyway, which is kept in "
        + "\(Self.record):\n  " + refused.prefix(20).joined(separator: "\n  ") + more)
  }

  /// The file in the run's folder that tells of changes.
  static let record = "resumes.jsonl"

  /// Adds a line on what is other to the folder's record, where something is.
  func keep() throws {
    guard !(allowed + refused).isEmpty else { return }
    var line = OrderedObject()
    line.add("step", state.step)
    line.add("epoch", state.epoch + 1)
    line.add("time", Clock.date)
    line.add("program", Program.version)
    line.add("same", .texts(allowed))
    line.add("other", .texts(Array(refused.prefix(1000))))
    line.add("others", refused.count)
    let file = "\(path)/\(Self.record)"
    try AtomicFile.write((FileSystem.text(of: file) ?? "") + line.text + "\n", to: file)
  }
}

extension RunFolder {
  /// What made this run another one when it was resumed with `--anyway`, a sentence for each time.
  /// - Throws: ``FileProblem`` where the record cannot be read.
  package var resumedWithOthers: [String] {
    get throws {
      struct Line: Decodable {
        let step: Int
        let other: [String]
        let others: Int
      }
      return (try FileSystem.text(of: file(ResumePlan.record)) ?? "").split(separator: "\n").compactMap {
        guard let line = JSONValue.decoded(Line.self, from: String($0)), line.others > 0 else { return nil }
        let more = line.others > 3 ? " and \(line.others - 3) more" : ""
        return "was resumed at step \(line.step) although something was other: "
          + line.other.prefix(3).joined(separator: "; ") + more
      }
    }
  }
}
