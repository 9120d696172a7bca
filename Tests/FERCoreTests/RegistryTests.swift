import FERCore
import NeuralKit
import TensorKit
import Testing
import Support

@Suite("Registry")
struct RegistryTests {
  @Test("a second registration of a name is refused, naming both")
  func duplicate() throws {
    var registry = try Registry(plugins: [FakePlugin.self])
    let problem = #expect(throws: RegistryProblem.self) {
      try registry.corrections.register("anchor", FakeAttentive.self)
    }
    #expect(
      problem?.description == """
        two types want to be the correction term "anchor": FERCoreTests.FakeAnchor is registered, \
        FERCoreTests.FakeAttentive was refused; rename one
        """)
    #expect(registry.corrections.names == ["anchor", "attentive"])
  }

  @Test("one name on two shelves is two components")
  func sameNameOnTwoShelves() throws {
    let registry = try Registry(plugins: [FakePlugin.self])
    #expect(registry.summaries.filter { $0.name == "anchor" }.map(\.kind) == ["correction term", "loss"])
  }

  @Test("the summaries hold every kind")
  func everyKind() throws {
    let registry = try Registry(plugins: [FakePlugin.self])
    let shelves = Mirror(reflecting: registry).children.count {
      "\(type(of: $0.value))".hasPrefix("ComponentRegistry<")
    }
    #expect(Set(registry.summaries.map(\.plural)).count == shelves)
    #expect(shelves == 14)
  }

  @Test("a name that a recipe could not write is refused", arguments: ["", "a b", "ä", "a.b", "x\n"])
  func badName(name: String) throws {
    var registry = Registry()
    #expect(throws: RegistryProblem.self) { try registry.heads.register(name, FakeHead.self) }
  }

  @Test("a number of the loss's name is refused; one that is not finite is undefined")
  func metrics() throws {
    var registry = Registry()
    for name in ["", "loss"] {
      #expect(throws: RegistryProblem.self) { try registry.register(Metric(name) { _ in 1 }) }
    }
    #expect(Metric("wild") { _ in .nan }.value(EvaluatedSet(classes: [], samples: [])) == nil)
  }

  @Test("an option named like a reserved key is refused")
  func reservedOption() throws {
    var registry = Registry()
    let problem = #expect(throws: RegistryProblem.self) {
      try registry.losses.register("focal", LossWithWeight.self)
    }
    #expect(
      problem?.description == """
        the loss "focal" (FERCoreTests.LossWithWeight) cannot be registered: its option "weight" has a name that is \
        reserved in recipes
        """)
  }

  @Test("an entry knows its options, defaults and evidence, and builds")
  func entry() throws {
    let registry = try Registry(plugins: [FakePlugin.self])
    let entry = try #require(registry.corrections["anchor"])
    #expect(entry.summary.options.map(\.key) == ["perClass", "delta"])
    #expect(entry.summary.defaults == .object(["perClass": .int(10), "delta": .int(1)]))
    #expect(entry.summary.provides == [.anchors])
    var context = BuildContext(scope: ParameterScope(path: "x"), classes: ["a", "b"], inputSize: 8)
    context.embedding = 3
    let term = try entry.make(.object(["perClass": .int(2)]), in: &context)
    #expect(term is FakeAnchor)
    #expect(context.scope.store["x.anchors"]?.shape == [2, 2, 3])
    #expect(throws: RecipeIssue(JSONPath("perClass"), "must be at least 1, is 0")) {
      try entry.make(.object(["perClass": .int(0)]), in: &context)
    }
  }
}

final class LossWithWeight: Loss {
  struct Options: ComponentOptions {
    @Option("Collides.") var weight: Float = 1
  }
  static var scope: LossScope { .samples }
  init(_ options: Options, in context: inout BuildContext) throws {}
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor { .zeros([1]) }
}
