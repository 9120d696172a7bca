import NeuralKit
import Support
import TensorKit
import TestSupport
import Testing

@testable import FERCore

@Suite("Components inside components")
struct NestedTests {
  /// Knows one component, "inner", with the options `rate` (default 1) and `depth` (default 2).
  private static let fake: ComponentResolver = { request in
    guard request.kind == Int.self else { return nil }
    guard request.name == "inner" else {
      return ResolvedComponent(issues: [RecipeIssue(request.namePath, "no such number")])
    }
    var options: [String: JSONValue] = ["rate": .int(1), "depth": .int(2)]
    options.merge(request.inherited.filter { options[$0.key] != nil }.mapValues(\.value)) { $1 }
    options.merge(request.given) { $1 }
    let isRight = options.count == 2
    let issues = isRight ? [] : [RecipeIssue(request.path / "extra", "has no such option")]
    let value = (options["rate"]?.number ?? 0) * 10 + (options["depth"]?.number ?? 0)
    return ResolvedComponent(issues: issues, options: options, build: { value })
  }

  private func decoded(
    _ text: String, _ resolver: ComponentResolver? = fake
  ) throws -> (options: Owner.Options, issues: [String]) {
    let (options, issues) = RecipeDecoder(owner: "\"owner\"", resolver: resolver).decode(
      Owner.Options.self, from: try JSON5Parser.parse(text).value, at: JSONPath("training"))
    return (options, issues.map { "\($0.path): \($0.message)" })
  }

  /// Ten times the rate plus the depth. The owner lends its `speed` (7 unless told) as `rate`.
  @Test(
    "a bare name, an object, a default and a list are found and built",
    arguments: [
      ("{}", 72, []), ("{one: 'inner'}", 72, []), ("{one: {use: 'inner', depth: 5}}", 75, []),
      ("{one: {use: 'inner', rate: 3}, speed: 4}", 32, []), ("{speed: 4}", 42, []),
      ("{some: ['inner', {use: 'inner', rate: 1, depth: 9}]}", 72, [72, 19]),
    ])
  func found(text: String, one: Int, some: [Int]) throws {
    let (options, issues) = try decoded(text)
    #expect(issues == [])
    #expect(try options.one.make() == one)
    #expect(try options.some.map { try $0.make() } == some)
  }

  @Test(
    "what is wrong is told with its whole path",
    arguments: [
      ("{one: 'outer'}", "training.one: no such number"),
      ("{one: {use: 'outer'}}", "training.one.use: no such number"),
      ("{one: {use: 'inner', extra: 1}}", "training.one.extra: has no such option"),
      ("{one: {depth: 1}}", "training.one.use: is missing; name a component, as in { use: \"NAME\" }"),
      ("{one: {use: 3}}", "training.one.use: must be text, is 3"),
      ("{one: 3}", "training.one: must be a name or an object such as { use: \"NAME\" }, is 3"),
      ("{some: ['inner', 'outer']}", "training.some[1]: no such number"),
      (
        "{some: ['inner', null]}",
        "training.some[1]: must be a name or an object such as { use: \"NAME\" }, is null"
      ),
      ("{some: 'inner'}", "training.some: must be a list of components, is the text \"inner\""),
      ("{other: 'inner'}", "training.other: cannot contain components here"),
    ])
  func wrong(text: String, expected: String) throws {
    #expect(try decoded(text).issues == [expected])
  }

  @Test("without a way to find components, a default stays a name and nothing else is taken")
  func noResolver() throws {
    let (options, issues) = try decoded("{some: ['inner']}", nil)
    #expect(issues == ["training.some[0]: cannot contain components here"])
    let issue = #expect(throws: OptionIssue.self) { try options.one.make() }
    #expect(
      issue
        == OptionIssue(
          "inner", "is a name that nobody has looked up: a component inside another needs a recipe"))
  }

  @Test("it is written as a recipe would have it, and reads the same again")
  func written() throws {
    #expect(try JSONValue.encoding(Owner.Options())["one"] == .string("inner"))
    let text = try JSONValue.encoding(decoded("{some: [{use: 'inner', depth: 5}]}").options)
    let inner: [String: JSONValue] = ["use": .string("inner"), "rate": .int(7), "depth": .int(5)]
    #expect(text["some"] == .array([.object(inner)]))
    let (again, issues) = try decoded(text.oneLine)
    #expect(issues == [])
    #expect(try again.some.map { try $0.make() } == [75])
    #expect(Owner.Options.described().map(\.kind).prefix(2) == ["component", "list of component"])
  }
}

@Suite("SAM over any optimiser")
struct SAMBaseTests {
  private func decoded(_ text: String) throws -> (options: SAM.Options, issues: [String]) {
    var registry = Registry()
    try registry.optimizers.register("adam", Adam.self)
    try registry.optimizers.register("adamw", AdamW.self)
    try registry.optimizers.register("sgd", SGD.self)
    try registry.optimizers.register("sam", SAM.self)
    let (options, issues) = RecipeDecoder(owner: "\"sam\"", resolver: registry.resolver).decode(
      SAM.Options.self, from: try JSON5Parser.parse(text).value, at: JSONPath("optimizer"))
    return (options, issues.map { "\($0.path): \($0.message)" })
  }

  /// The gradient is w, w begins at 1. The outer SAM looks 3 further, the inner 1 from home: by the gradient there, 2, the
  /// step of rate 0.5 leads to 1 - 0.5 · 2 = 0. By the outer's gradient alone, 4, it would lead to -1.
  @Test("a base that looks at further gradients gets them")
  func handedOn() throws {
    let (options, issues) = try decoded("{base: {use: 'sam', base: 'sgd', rho: 1, momentum: 0}, rho: 3}")
    #expect(issues == [])
    let parameter = ParameterScope().parameter("w", [1], .zeros)
    parameter.value = .ones([1])
    parameter.gradient = .ones([1])
    try SAM(options).step([parameter], learningRate: 0.5) { parameter.gradient = parameter.value }
    expectClose(parameter.value, [0], absolute: 1e-6)
  }

  /// Two steps of rate 1 by a gradient that is 1 everywhere, momentum 0.5: velocities 1 and 1.5, together -2.5; Nesterov
  /// steps by the gradient plus half the velocity: 1.5 and 1.75, together -3.25. Without momentum -2.
  @Test(
    "the base takes SAM's options where it is given none of its own",
    arguments: [
      ("{base: 'sgd', momentum: 0.5}", Float(-2.5)),
      ("{base: {use: 'sgd', nesterov: true}, momentum: 0.5}", -3.25),
      ("{base: {use: 'sgd', momentum: 0}, momentum: 0.5}", -2),
      ("{base: {use: 'sam', base: 'sgd'}, momentum: 0.5}", -2.5),
    ])
  func shared(text: String, expected: Float) throws {
    let (options, issues) = try decoded(text)
    #expect(issues == [])
    let sam = try SAM(options)
    let parameter = ParameterScope().parameter("w", [1], .zeros)
    parameter.value = .zeros([1])
    for _ in 0..<2 {
      parameter.gradient = .ones([1])
      sam.step([parameter], learningRate: 1) { parameter.gradient = .ones([1]) }
    }
    #expect(parameter.value.item == expected)
  }

  @Test("the rate a schedule starts from is SAM's own, unless the base has another")
  func learningRate() throws {
    #expect(try SAM(decoded("{}").options).learningRate == 1e-3)
    #expect(try SAM(decoded("{base: 'sgd', learningRate: 3.5e-5}").options).learningRate == 3.5e-5)
    #expect(try SAM(decoded("{base: {use: 'sgd', learningRate: 2}}").options).learningRate == 2)
  }

  @Test("what follows from SAM's options is not written twice, so that changing them still changes the base")
  func written() throws {
    let options = try decoded("{base: {use: 'adamw', weightDecay: 0.1}, momentum: 0.8}").options
    let text = try JSONValue.encoding(options)
    #expect(text["base"]?.oneLine == #"{"decaysVectors": true, "use": "adamw", "weightDecay": 0.1}"#)
    #expect(text["momentum"] == .double(0.8))
  }

  @Test(
    "what is wrong is told once, where it stands",
    arguments: [
      ("{learningRate: 0}", "optimizer.learningRate: must be above 0, is 0"),
      ("{epsilon: 'x'}", "optimizer.epsilon: must be a number, is the text \"x\""),
      ("{base: 'adm'}", "optimizer.base: no optimizer is named \"adm\"; did you mean \"adam\"?"),
      ("{base: {use: 'adam', beta1: 1}}", "optimizer.base.beta1: must be at least 0 and below 1, is 1"),
      (
        "{base: {use: 'adam', beta: 1}}",
        "optimizer.base.beta: \"adam\" has no such option; did you mean \"beta1\"?"
      ),
    ])
  func wrong(text: String, expected: String) throws { #expect(try decoded(text).issues == [expected]) }
}

private enum Owner {
  struct Options: InheritedOptions {
    @Option("One.") var one = Nested<Int>("inner")
    @Option("Some.") var some: [Nested<Int>] = []
    @Option("Of a kind that nobody knows.") var other = Nested<String>("none")
    @Option("Lent.") var speed = 7

    static var inherited: [String: [String]] { ["speed": ["rate"]] }
  }
}

extension JSONValue {
  fileprivate var number: Int? {
    if case .int(let number) = self { return number }
    return nil
  }
}
