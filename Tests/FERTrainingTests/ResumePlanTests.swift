import FERCore
import Foundation
import Support
import TestSupport
import Testing

@testable import FERTraining

@Suite("Going on with another recipe or other data")
struct ResumePlanTests {
  private let shop: Workshop
  private static let constant = "training.schedule={ use: \"constant\" }"

  init() throws { shop = try Workshop() }

  private func recipe(_ overrides: [String]) throws -> Recipe {
    try Recipe.load(
      path: shop.path + "/tiny.json5", overrides: overrides, registry: shop.recipe.registry)
  }

  /// As `train`, or with `--resume` where the folder holds a run.
  @discardableResult
  private func train(
    _ name: String, _ overrides: [String], steps: Int? = nil, anyway: Bool = false, images: Int = 21,
    console: Warnings? = nil
  ) throws -> Trainer.End {
    let folder = shop.path + "/" + name
    let session = TrainingSession(
      try recipe(overrides), in: folder, anyway: anyway,
      console: Console(descriptor: console?.descriptor ?? -1), report: { _ in })
    let (train, validation) = (TinyImages(count: images), TinyImages(count: 9))
    guard let plan = try session.plan(resuming: RunPlace(at: folder) == .run) else {
      return try session.start(train: train, validation: validation, steps: steps)
    }
    return try session.resume(plan, train: train, validation: validation, steps: steps)
  }

  private func results(_ name: String) -> [String: Data] {
    shop.results(name).filter { !$0.key.hasPrefix("report/") }
      .merging(["recipe.json5": shop.bytes("\(name)/recipe.json5") ?? Data()]) { $1 }
  }

  private func refusal(_ name: String, _ overrides: [String]) -> String {
    let problem = #expect(throws: RunProblem.self) { try train(name, overrides) }
    #expect(problem?.isRequest == true)
    return problem?.description ?? ""
  }

  @Test(
    "more epochs, where the schedule does not depend on their number: the same bytes as with so many at once")
  func moreEpochs() throws {
    #expect(try train("whole", [Self.constant, "training.epochs=4"]) == .finished)
    #expect(try train("longer", [Self.constant]) == .finished)
    let console = Warnings()
    #expect(
      try train("longer", [Self.constant, "training.epochs=4"], console: console) == .finished)
    #expect(console.text.contains("training.epochs: was 2, is 4 (nothing before changes)"))
    #expect(results("longer") == results("whole"))
    // Stopped within an epoch, and then fewer than were planned.
    #expect(try train("shorter", [Self.constant, "training.epochs=9"], steps: 6) == .stoppedAtLimit(step: 6))
    #expect(try train("shorter", [Self.constant, "training.epochs=4"]) == .finished)
    #expect(results("shorter") == results("whole"))
    #expect(refusal("whole", [Self.constant, "training.epochs=3"]).contains("4 are done or begun"))
  }

  @Test("how the faces were cut out changes no number")
  func faces() throws {
    var registry = shop.recipe.registry
    try RedFacesPlugin.register(in: &registry)
    let recipes = try [[], ["data.faces={ use: \"red\" }"], ["data.faces={ use: \"red\", margin: 0.5 }"]].map
    {
      try Recipe.load(path: shop.path + "/tiny.json5", overrides: $0, registry: registry)
    }
    #expect(recipes[2].effective["data"]?["faces"]?["margin"] == .double(0.5))
    for (old, new) in [(0, 1), (1, 2), (2, 0)] {
      let changes = RecipeChanges(from: recipes[old], to: recipes[new], at: TrainingState()).all
      #expect(!changes.isEmpty && changes.allSatisfy(\.isAllowed), "\(changes.map(\.sentence))")
    }
  }

  /// With a warm-up of one epoch of four steps, a cosine begins only then to depend on the number of epochs.
  @Test("a schedule that depends on the number of epochs: refused by name, but not before it does")
  func cosine() throws {
    try train("late", [], steps: 6)
    let told = refusal("late", ["training.epochs=5"])
    #expect(told.contains("training.epochs: was 2, is 5; the schedule \"cosine\" depends on"), "\(told)")
    #expect(told.contains("--anyway") && told.contains("--out"))
    try train("early", [], steps: 3)
    try train("early", ["training.epochs=5"])
    try train("whole", ["training.epochs=5"])
    #expect(results("early") == results("whole"))
    // A schedule may change where the rates so far are the same.
    try train("steps", ["training.schedule={ use: \"multi-step\", milestones: [2, 4] }"], steps: 6)
    let later = "training.schedule={ use: \"multi-step\", milestones: [2, 5] }"
    #expect(try train("steps", [later], steps: 7) == .stoppedAtLimit(step: 7))
    #expect(
      refusal("steps", ["training.schedule={ use: \"multi-step\", milestones: [1, 5] }"])
        .contains("training.schedule.milestones: was [2, 5], is [1, 5]; steps that are done"))
  }

  @Test("epochs that would have been validated otherwise, and patience")
  func validations() throws {
    let every = [Self.constant, "training.validateEvery=3"]
    try train("every", every)
    #expect(refusal("every", every + ["training.epochs=4"]).contains("epoch 2 was validated as the last"))
    let patient = [Self.constant, "training.epochs=40", "training.patience=1"]
    #expect(try train("patient", patient) == .finished)
    let told = refusal("patient", [Self.constant, "training.epochs=50", "training.patience=1"])
    #expect(told.contains("because of training.patience 1"), "\(told)")
    let more = [Self.constant, "training.epochs=6", "training.patience=0"]
    try train("patient", more)
    try train("whole", more)
    #expect(results("patient") == results("whole"))
  }

  @Test("what may change the result is refused with the list; what cannot is named and allowed")
  func differences() throws {
    try train("run", [], steps: 3)
    let told = refusal(
      "run", ["training.batch=4", "training.optimizer.learningRate=0.5", "training.workers=1"])
    #expect(
      told.contains("training.batch: was 5, is 4\n  training.optimizer.learningRate: was 0.02, is 0.5"))
    #expect(!told.contains("workers"))
    let console = Warnings()
    try train("run", ["training.workers=1", "name=other"], console: console)
    #expect(console.text.contains("changed: name: was \"tiny\", is \"other\" (only the name)"))
    #expect(console.text.contains("changed: training.workers: was 0, is 1 (changes no number)"))
    #expect(console.text.contains("resuming at step 3, epoch 1 of 2"))
    try train("whole", [])
    #expect(shop.bytes("run/metrics.jsonl") == shop.bytes("whole/metrics.jsonl"))
  }

  @Test("the run's own recipe.json5, edited, is compared with what the checkpoint was trained by")
  func editedRecipe() throws {
    try train("run", [], steps: 3)
    let path = shop.path + "/run/recipe.json5"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing("\"gradientClip\": 1", with: "\"gradientClip\": 2").write(
      toFile: path, atomically: true, encoding: .utf8)
    let edited = try RunFolder.recipe(ofRun: shop.path + "/run", registry: shop.recipe.registry)
    #expect(edited.training.gradientClip == 2)
    let problem = #expect(throws: RunProblem.self) {
      try TrainingSession(
        edited, in: shop.path + "/run", console: Console(descriptor: -1), report: { _ in }
      ).plan(resuming: true)
    }
    #expect(problem?.description.contains("training.gradientClip: was 1, is 2") == true)
  }

  @Test("other images: named and refused; with --anyway kept in the run, and calm the next time")
  func otherData() throws {
    try train("run", [], steps: 3)
    let problem = #expect(throws: RunProblem.self) { try train("run", [], images: 23) }
    #expect(problem?.isRequest == true)
    #expect(problem?.description.contains("train: face 21: was not there\n  train: face 22: was") == true)
    #expect(try train("run", [], steps: 5, anyway: true, images: 23) == .stoppedAtLimit(step: 5))
    #expect(try train("run", [], images: 23) == .finished)
    let remarks = try RunFolder.existing(shop.path + "/run").resumedWithOthers
    #expect(
      remarks == [
        "was resumed at step 3 although something was other: train: face 21: was not there; "
          + "train: face 22: was not there"
      ])
  }

  @Test("without data.jsonl nobody can tell, and that is told")
  func withoutFingerprint() throws {
    for damage in [nil, "{}\n"] {
      let name = damage == nil ? "missing" : "damaged"
      try train(name, [], steps: 3)
      let path = shop.path + "/\(name)/data.jsonl"
      try FileManager.default.removeItem(atPath: path)
      try damage?.write(toFile: path, atomically: true, encoding: .utf8)
      let console = Warnings()
      #expect(try train(name, [], console: console) == .finished)
      #expect(console.text.contains("warning: ") && console.text.contains("nobody can tell whether images"))
    }
  }

  @Test("a smoke test goes on with its own first half, and says nothing of a resuming")
  func smoke() throws {
    let console = Warnings()
    _ = try SmokeTest.run(
      shop.recipe, train: TinyImages(count: 21), validation: TinyImages(count: 9), in: shop.path + "/smoke",
      console: Console(descriptor: console.descriptor), report: { _ in })
    #expect(console.text.contains("loading took") && !console.text.contains("resuming"), "\(console.text)")
  }

  @Test("only the checkpoint before the last: used, and told")
  func previousOnly() throws {
    try train("run", [], steps: 5)
    try FileManager.default.removeItem(atPath: shop.path + "/run/checkpoints/last.safetensors")
    let console = Warnings()
    #expect(try train("run", [], console: console) == .finished)
    #expect(console.text.contains("last.safetensors: is missing"))
    try train("whole", [])
    #expect(results("run") == results("whole"))
  }
}
