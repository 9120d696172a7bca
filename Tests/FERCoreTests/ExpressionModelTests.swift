import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing
import Support

@Suite("Expression model")
struct ExpressionModelTests {
  let recipe: Recipe
  let images = Tensor([2, 8, 8, 3], (0..<384).map { Float($0 % 17) / 17 })

  init() throws {
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    recipe = try workshop.load("a.json5")
  }

  @Test("parameters live under the names of their places")
  func names() throws {
    #expect(
      try recipe.buildModel().store.all.map(\.name) == [
        "backbone.weight", "landmarks.weight", "reduction.weight", "reduction.bias", "head.out.weight",
        "head.out.bias", "corrections.anchor.anchors",
      ])
  }

  @Test("frozen parts get no gradient, scales reach the parameters")
  func frozen() throws {
    let model = try recipe.buildModel()
    #expect(model.store["landmarks.weight"]?.isFrozen == true)
    #expect(model.store["backbone.weight"]?.isFrozen == false)
    #expect(model.store["head.out.weight"]?.learningRateScale == 2)
    let tape = Tape()
    let pass = ForwardPass.training(on: tape, seed: 1, step: 0)
    let value = model.objective(model(images, pass), against: Targets(labels: [0, 1]), pass)
    tape.backward(from: value.total)
    for parameter in model.store.all {
      let gradient = tape.gradient(for: ObjectIdentifier(parameter))
      #expect((gradient != nil) == !parameter.isFrozen, "\(parameter.name)")
    }
  }

  @Test("the outcome holds every distribution, its terms by name")
  func outcome() throws {
    let outcome = try recipe.buildModel()(images, .evaluation)
    #expect(outcome.embedding.shape == [2, 5])
    #expect(outcome.terms.map(\.name) == ["anchor", "attentive"])
    for rows in [outcome.primary, outcome.final] + outcome.terms.map(\.correction.distribution) {
      expectClose(rows.sum(along: 1), [1, 1], absolute: 1e-5)
    }
    #expect(outcome.evidence(.anchors)?.shape == [3, 2, 5])
    #expect(outcome.evidence(.distances) == nil)
  }

  @Test("the objective is the weighed sum of its losses")
  func objective() throws {
    let model = try recipe.buildModel()
    let value = model.objective(model(images, .evaluation), against: Targets(labels: [0, 1]), .evaluation)
    #expect(value.losses.map(\.name) == ["anchor", "nll"])
    #expect(abs(value.total.item - (0.1 * value.losses[0].value + value.losses[1].value)) < 1e-5)
  }

  @Test("the same recipe gives the same numbers, another seed others")
  func seed() throws {
    let (first, second) = (try recipe.buildModel(), try recipe.buildModel())
    #expect(first(images, .evaluation).final.values == second(images, .evaluation).final.values)
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    let other = try workshop.load("a.json5", "seed=8").buildModel()
    #expect(first(images, .evaluation).final.values != other(images, .evaluation).final.values)
  }

  @Test("a part with weights reads its file, and one that does not fit is an error")
  func weights() throws {
    let workshop = try Workshop()
    let numbers = Tensor([4, 3], (0..<12).map(Float.init))
    try WeightFile.write(["backbone.weight": numbers], to: workshop.folder + "/good.safetensors")
    try WeightFile.write(["backbone.weight": .zeros([4, 4])], to: workshop.folder + "/bad.safetensors")
    try workshop.write("a.json5", wholeRecipe)
    let model = try workshop.load("a.json5", "model.backbone.weights=\(workshop.folder)/good.safetensors")
      .buildModel()
    #expect(model.store["backbone.weight"]?.value.values == numbers.values)
    #expect(throws: FileProblem.self) {
      try workshop.load("a.json5", "model.backbone.weights=\(workshop.folder)/bad.safetensors").buildModel()
    }
    let blank = try workshop.load("a.json5", "model.backbone.weights=\(workshop.folder)/bad.safetensors")
      .buildModel(loadingWeights: false)
    #expect(blank.store["backbone.weight"]?.value.values != numbers.values)
  }
}
