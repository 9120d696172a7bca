import ARBEx
import FERCore
import FERTools
import Foundation
import TestSupport
import Testing

/// Every recipe that comes with the program: found in the folder, so that a new one needs no line here.
@Suite("Recipes that come with arbex")
struct RecipeFolderTests {
  private static let folder = ShippedRecipe.folder

  static let names = (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
    .filter { $0.hasSuffix(".json5") && !$0.hasPrefix("sweeps/") }.sorted()
  static let sweeps = ((try? FileManager.default.contentsOfDirectory(atPath: folder + "/sweeps")) ?? [])
    .sorted()

  private func load(_ name: String, _ overrides: [String] = []) throws -> Recipe {
    try Recipe.load(path: "\(Self.folder)/\(name)", overrides: overrides, registry: try Registry.builtins())
  }

  @Test("there are recipes")
  func found() {
    #expect(Self.names.contains("arbex.json5") && Self.names.contains("ablations/no-anchor.json5"))
  }

  @Test("sweeps name recipes that are sound", arguments: sweeps)
  func sweep(_ name: String) throws {
    let jobs = try SweepFile.read("\(Self.folder)/sweeps/\(name)").jobs(registry: try Registry.builtins())
    #expect(jobs.count > 1)
  }

  @Test(
    "what a component itself objects to stands at its key",
    arguments: [
      (
        "input.augment=[{use:'one-of',of:[{use:'one-of',of:[]}]}]",
        "input.augment[0].of[0].of: must name at least one augmentation"
      ),
      ("sampler={use:'weighted',count:1000000000000000000}", "sampler.count: must be "),
      ("model.corrections=null", "losses.term-nll: needs a correction, and model.corrections names none"),
    ])
  func objections(change: String, sentence: String) throws {
    let problems = try #require(throws: RecipeProblems.self) { try load("quickstart.json5", [change]) }
    #expect("\(problems)".contains(sentence), "\(problems)")
  }

  /// Smaller networks behind the same names and the same wiring: every size that a recipe's parts have.
  private func smaller(_ recipe: Recipe) -> [String] {
    let used = Dictionary(uniqueKeysWithValues: recipe.values.map { ("\($0.path)", $0.value) })
    var wanted = [
      ("model.encoder.vitHeads", "4"), ("model.encoder.width", "32"), ("model.encoder.depth", "1"),
      ("model.head.hidden", "[8]"), ("model.landmarks.width", "0.25"),
      ("model.landmarks.blocks", "[0, 0, 0]"), ("model.landmarks.points", "0"),
    ]
    // A number here, a word or a list there.
    if case .int = used["model.encoder.size"] { wanted.append(("model.encoder.size", "32")) }
    if case .int = used["model.encoder.heads"] { wanted.append(("model.encoder.heads", "4")) }
    if used["model.encoder.tokenRates"] != nil {
      wanted += [("model.encoder.depth", "2"), ("model.encoder.tokenRates", "[1, 0.9]")]
    }
    switch used["model.backbone.use"] {
    case .string("ir50"):
      wanted += [("model.backbone.units", "[1, 1, 1]"), ("model.backbone.widths", "[8, 8, 16, 16]")]
      if used["model.encoder.heads"]?.elements != nil { wanted.append(("model.encoder.heads", "[1, 2, 2]")) }
    case .string("efficientface"):
      wanted += [("model.backbone.units", "[1, 1, 1]"), ("model.backbone.widths", "[4, 8, 8, 8, 16]")]
    case .string("resnet18") where used["input.views.use"] != nil:
      wanted += [("model.backbone.units", "[1, 1, 1, 1]"), ("model.backbone.widths", "[8, 8, 8, 8]")]
    default: break
    }
    return wanted.filter { used[$0.0] != nil }.map { "\($0)=\($1)" }
  }

  @Test("is built in full size, and trains one step at a reduced one", arguments: names)
  func trains(_ name: String) throws {
    let full = try load(name)
    #expect(full.parameterCounts().reduce(0) { $0 + $1.count } > 0)
    #expect(try load(name).hash == full.hash, "reading a recipe twice gives the same")

    let recipe = try load(name, smaller(full))
    let model = try recipe.buildModel()
    let (side, count) = (recipe.input.size, 4 * (recipe.views?.plan.count ?? 1))
    let images = Tensor([count, side, side, 3], uniform("images", count * side * side * 3))
    let tape = Tape()
    let pass = ForwardPass.training(on: tape, seed: 1, step: 0)
    let outcome = try model(images, pass, isThorough: true)
    #expect(outcome.final.shape == [4, recipe.classes.count])
    expectClose(outcome.final.sum(along: 1), [1, 1, 1, 1], absolute: 1e-5)
    let value = try model.objective(outcome, against: Targets(labels: [0, 1, 0, 1]), pass)
    #expect(value.total.isFinite)
    tape.backward(from: value.total)
    let before = model.store.trainable.map(\.value.values)
    for parameter in model.store.trainable {
      parameter.gradient = tape.gradient(for: ObjectIdentifier(parameter))
      #expect(parameter.gradient?.isFinite == true, "\(parameter.name) gets a finite gradient")
    }
    try recipe.makeOptimizer().step(model.store.trainable, learningRate: 1e-3) {}
    let changed = zip(model.store.trainable, before).count { $0.value.values != $1 }
    #expect(changed > model.store.trainable.count / 2, "an optimiser step changes the model")
  }

  @Test(
    "its model can be written as ONNX, taking images of its size for any number of them", arguments: names)
  func exported(_ name: String) throws {
    let full = try load(name)
    let recipe = try load(name, smaller(full))
    let folder = TestFolder()
    try StartBenchmark.writeUntrainedRun(recipe, to: folder / "run")
    let told = arbex("export", folder / "run", "--onnx", folder / "model.onnx", "--json")
    #expect(told.code == 0, "\(told.remarks)")
    let json = try told.json()
    let side = recipe.input.size, classes = recipe.classes.count
    #expect(json["inputs"] as? [String] == ["image [N, 3, \(side), \(side)]"])
    let terms = try recipe.buildModel().correctionNames.map { "terms.\($0)" }
    #expect(
      json["outputs"] as? [String] == (["primary"] + terms + ["final"]).map { "\($0) [N, \(classes)]" })
  }

  /// Attention, batch norms, anchors and matrix products see the batch; a prediction must not.
  @Test(
    "one image alone and inside a batch of 32 others has the same distribution",
    arguments: ["quickstart.json5"])
  func alone(_ name: String) throws {
    let recipe = try load(name)
    let model = try recipe.buildModel()
    let side = recipe.input.size
    let images = Tensor([33, side, side, 3], uniform("faces", 33 * side * side * 3))
    let all = try model(images, .evaluation).final
    for place in [0, 17, 32] {
      let one = try model(images.sliced(along: 0, from: place, count: 1), .evaluation).final
      expectClose(one, all.sliced(along: 0, from: place, count: 1), absolute: 1e-6, relative: 0)
    }
  }
}
