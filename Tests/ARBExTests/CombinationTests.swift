import ARBEx
import FERCore
import FERTraining
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

/// Any encoder under any head and any corrections: found in the registry, so that a new one needs no line here.
@Suite("Combinations of parts")
struct CombinationTests {
  private static let recipe = ShippedRecipe.path("fer2013")

  /// What makes an encoder small, where it has the option.
  private static let small = [
    "size": "32", "width": "32", "depth": "1", "vitHeads": "4", "heads": "4", "reading": "'patch'",
  ]

  private static func names(_ kind: KeyPath<Registry, [String]>) -> [String] {
    (try? Registry.builtins())?[keyPath: kind] ?? []
  }

  private func load(_ changes: [String]) throws -> Recipe {
    try Recipe.load(path: Self.recipe, overrides: changes, registry: try Registry.builtins())
  }

  /// A small encoder of that name in the place of the recipe's, and one loss that any model can have.
  private func changes(encoder: String, _ further: [String]) throws -> [String] {
    let plain =
      [
        "model.encoder={use:'\(encoder)'}", "losses.term-nll=null", "losses.anchor=null",
        "losses.center=null",
        "model.corrections.anchor=null", "model.corrections.attentive=null",
      ] + further
    let options = Set(
      try load(plain).values.map { "\($0.path)" }.filter { $0.hasPrefix("model.encoder.") }.map {
        String($0.dropFirst("model.encoder.".count))
      })
    // A size may be a word.
    let fitting = Self.small.filter { options.contains($0.key) }.map { "model.encoder.\($0.key)=\($0.value)" }
    return plain + fitting.sorted().filter { (try? load(plain + [$0])) != nil }
  }

  @Test("every encoder trains under every head and every correction", arguments: names(\.encoders.names))
  func trains(_ encoder: String) throws {
    let registry = try Registry.builtins()
    let corrections = registry.corrections.names
    for head in registry.heads.names {
      let base = try changes(encoder: encoder, ["model.head={use:'\(head)'}"])
      // One that brings views together has nothing to weigh in a single one; the others refuse several.
      let several = base + ["input.views={use:'regions',count:1}"]
      let views = (try? load(several).buildModel()) == nil ? 1 : 2
      let images = Tensor([4 * views, 48, 48, 3], uniform("images", 4 * views * 48 * 48 * 3))
      for names in [[]] + corrections.map({ [$0] }) + [corrections] {
        let chosen = names.map { "model.corrections.\($0)={}" }
        let model = try load((views == 1 ? base : several) + chosen).buildModel()
        let tape = Tape()
        let pass = ForwardPass.training(on: tape, seed: 1, step: 0)
        let outcome = try model(images, pass, isThorough: true)
        #expect(outcome.terms.map(\.name) == names, "\(encoder), \(head)")
        expectClose(outcome.final.sum(along: 1), [1, 1, 1, 1], absolute: 1e-5)
        tape.backward(
          from: try model.objective(outcome, against: Targets(labels: [0, 1, 2, 3]), pass).total)
        for place in ["head.", "encoder."] + names.map({ "corrections.\($0)." }) {
          let parts = model.store.trainable.filter { $0.name.hasPrefix(place) }
          let moved = parts.count { parameter in
            tape.gradient(for: ObjectIdentifier(parameter))?.values.contains { $0 != 0 } == true
          }
          #expect(parts.isEmpty || moved > 0, "\(encoder), \(head), \(names): nothing of \(place) learns")
        }
      }
    }
  }

  /// A step of a model with everything that is summed over a batch: networks, anchors used by a correction and two losses.
  @Test(
    "every encoder learns the same, to the last bit, on 1, 2 and 4 ranks", arguments: names(\.encoders.names))
  func ranks(_ encoder: String) throws {
    let base = try changes(
      encoder: encoder,
      [
        "model.head={use:'mlp',hidden:[8]}", "model.corrections.anchor={}", "losses.anchor={}",
        "losses.center={}",
      ])
    let views = (try? load(base + ["input.views={use:'regions',count:1}"]).buildModel()) == nil ? 1 : 2
    let overrides = views == 1 ? base : base + ["input.views={use:'regions',count:1}"]
    let images = Tensor([8 * views, 48, 48, 3], uniform("images", 8 * views * 48 * 48 * 3))
    func weights(on ranks: Int) throws -> [[[Float]]] {
      try ThreadRanks.run(ranks) { collective in
        let recipe = try Recipe.load(
          path: Self.recipe, overrides: overrides, registry: try Registry.builtins())
        let model = try recipe.buildModel()
        let step = TrainingStep(
          model: model, optimizer: try recipe.makeOptimizer(), schedule: try recipe.makeSchedule(),
          average: nil,
          options: recipe.training, seed: 3, over: collective)
        let rows = 8 / ranks, first = collective.rank * rows
        let own = images.sliced(along: 0, from: first * views, count: rows * views)
        try step(
          .init(
            Batch(number: 0, images: own, indices: Array(first..<first + rows)),
            Targets(labels: [0, 1, 2, 3, 4, 5, 6, 0]), ids: [], step: 0, at: .init(position: 1, epochs: 3)))
        return model.store.all.map(\.value.values)
      }
    }
    let start = try load(overrides).buildModel().store.all
    let whole = try weights(on: 1)[0], names = start.map(\.name)
    #expect(zip(start, whole).count { $0.value.values != $1 } > start.count / 2, "most is learned")
    for ranks in [2, 4] {
      for found in try weights(on: ranks) {
        let others = zip(names, zip(found, whole)).filter { $1.0 != $1.1 }.map(\.0)
        #expect(others.isEmpty || !BLASInfo.hasOwnProduct, "\(encoder) on \(ranks) ranks: \(others)")
      }
    }
  }

  @Test("an encoder that cannot do without landmarks says so", arguments: names(\.encoders.names))
  func alone(_ encoder: String) throws {
    let without = try changes(encoder: encoder, []) + ["model.landmarks=null"]
    do { _ = try load(without).buildModel() } catch let problems as RecipeProblems {
      let told = "\(problems)"
      #expect(told.contains("model.encoder") && told.contains("landmark"), "\(told)")
    }
  }
}
