import FERCore
import Foundation
import NeuralKit
import Testing
import Support

@Suite("Recipes that extend recipes")
struct RecipeMergeTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
    try workshop.write("base.json5", wholeRecipe)
  }

  private func value(_ recipe: Recipe, _ path: String) -> RecipeValue? {
    recipe.values.first { $0.path.description == path }
  }

  @Test("null removes a correction and its loss")
  func nullRemoves() throws {
    try workshop.write(
      "a.json5", "{extends: 'base.json5', model: {corrections: {anchor: null}}, losses: {anchor: null}}")
    let recipe = try workshop.load("a.json5")
    let model = try recipe.buildModel()
    #expect(model.store["corrections.anchor.anchors"] == nil)
    #expect(recipe.effective["losses"]?.members?.keys.sorted() == ["nll"])
    #expect(recipe.effective["model"]?["corrections"]?.members?.keys.sorted() == ["attentive"])
  }

  @Test("null may name what is absent already, where such a component exists")
  func nullTwice() throws {
    try workshop.write("a.json5", "{extends: 'base.json5', model: {corrections: {attentive: null}}}")
    try workshop.write(
      "b.json5", "{extends: 'a.json5', model: {corrections: {attentive: null}, landmarks: null}}")
    #expect(try workshop.report("b.json5") == "")
    #expect(try workshop.load("b.json5").buildModel().store["landmarks.weight"] == nil)
  }

  @Test("every value knows where it comes from")
  func provenance() throws {
    let file = try workshop.write("a.json5", "{\n extends: 'base.json5',\n training: { epochs: 5 } }")
    let recipe = try workshop.load("a.json5", "training.batch=8")
    #expect(value(recipe, "training.epochs")?.origin == .file(file, line: 3))
    #expect(value(recipe, "training.batch")?.origin == .commandLine)
    #expect(value(recipe, "training.ema")?.origin == .standard)
    #expect(value(recipe, "seed")?.origin == .file("\(workshop.folder)/base.json5", line: 2))
    #expect(value(recipe, "model.corrections.anchor.use")?.value == .string("anchor"))
    #expect(value(recipe, "input.augment[0].degrees")?.value == .int(5))
    #expect((recipe.training.epochs, recipe.training.batch) == (5, 8))
  }

  @Test("another component does not inherit the old one's options")
  func replacedComponent() throws {
    try workshop.write(
      "a.json5",
      """
      {extends: 'base.json5', model: {corrections: {anchor: {use: 'attentive'}}}, losses: {anchor: null}}
      """)
    let recipe = try workshop.load("a.json5")
    #expect(recipe.effective["model"]?["corrections"]?["anchor"]?["use"] == .string("attentive"))
    #expect(recipe.effective["model"]?["corrections"]?["anchor"]?["perClass"] == nil)
    try workshop.write(
      "b.json5", "{extends: 'base.json5', model: {corrections: {anchor: {use: 'anchor', delta: 2}}}}")
    #expect(
      try workshop.load("b.json5").effective["model"]?["corrections"]?["anchor"]?["perClass"] == .int(2))
  }

  @Test("--set reaches into objects and lists, reads JSON5, else text, and null removes")
  func overrides() throws {
    let recipe = try workshop.load(
      "base.json5", "training.optimizer.learningRate=1e-4", "classes=['a', 'b']", "name=renamed",
      "input.augment.0.degrees=7", "model.corrections.attentive=null", "model.reduction=null", "seed=9",
      "model.backbone.channels=6")
    #expect(recipe.effective["training"]?["optimizer"]?["learningRate"] == .double(1e-4))
    #expect((recipe.classes, recipe.name, recipe.seed) == (["a", "b"], "renamed", 9))
    #expect(value(recipe, "input.augment[0].degrees")?.value == .int(7))
    #expect(try recipe.buildModel().store["head.out.weight"]?.shape == [2, 8])
  }

  @Test("a --set that is none", arguments: ["training.epochs", "=3", "a..b=3", ".=1", ""])
  func badOverride(text: String) throws {
    #expect(
      try workshop.report("base.json5", text) == """
        command line: --set needs KEY=VALUE, as in training.epochs=3, and was given \(JSONValue.quoted(text))
        1 problem, nothing was built
        """)
  }

  @Test("circles, missing files, other types and long chains of extends")
  func chains() throws {
    let end = "\n1 problem, nothing was built"
    try workshop.write("a.json5", "{extends: 'b.json5'}")
    try workshop.write("b.json5", "{\n extends: './sub/../a.json5'}")
    #expect(
      try workshop.report("a.json5") == "b.json5:2: extends: goes in a circle: a.json5 -> b.json5 -> a.json5"
        + end)
    try workshop.write("self.json5", "{extends: 'self.json5'}")
    #expect(
      try workshop.report("self.json5") == "self.json5:1: extends: goes in a circle: self.json5 -> self.json5"
        + end)
    try workshop.write("lost.json5", "{extends: 'bose.json5'}")
    #expect(
      try workshop.report("lost.json5")
        == "lost.json5:1: extends: bose.json5 does not exist; did you mean \"base.json5\"?" + end)
    try workshop.write("list.json5", "{extends: ['base.json5']}")
    #expect(
      try workshop.report("list.json5") == "list.json5:1: extends: must be the path of a recipe, is a list"
        + end)
    for link in 0..<40 { try workshop.write("\(link).json5", "{extends: '\(link + 1).json5'}") }
    #expect(try workshop.report("0.json5") == "31.json5:1: extends: the chain is longer than 32 files" + end)
    #expect(
      try workshop.report("base.json5", "extends=a.json5")
        == "command line: extends: can only stand in a recipe file" + end)
  }

  @Test("a relative path starts from the file in which it stands")
  func relativePaths() throws {
    try workshop.write(
      "sub/middle.json5",
      """
      {extends: '../base.json5', data: {train: {root: 'faces'}, validation: {root: '/abs/faces'}}}
      """)
    try workshop.write("a.json5", "{extends: 'sub/middle.json5'}")
    let recipe = try workshop.load("a.json5")
    let roots = { (split: String) in recipe.effective["data"]?[split]?["root"]?.text }
    #expect(roots("train") == "\(workshop.folder)/sub/faces")
    #expect(roots("validation") == "/abs/faces")
    #expect(recipe.has(.train) && !recipe.has(.test))
  }

  @Test("the effective recipe is enough to run again, and a fixed point")
  func fixedPoint() throws {
    try workshop.write(
      "a.json5", "{extends: 'base.json5', training: {epochs: 5}, data: {train: {root: 'faces'}}}")
    let first = try workshop.load("a.json5", "seed=3")
    try workshop.write("elsewhere/recipe.json5", first.text)
    let second = try workshop.load("elsewhere/recipe.json5")
    #expect(second.text == first.text)
    #expect(second.hash == first.hash)
    #expect(first.hash.count == 64)
    #expect(second.effective == first.effective)
    #expect(try workshop.load("a.json5").hash != first.hash)
  }

  @Test("without a name, a recipe is named after its file")
  func name() throws {
    #expect(try workshop.load("base.json5", "name=null").name == "base")
  }
}
