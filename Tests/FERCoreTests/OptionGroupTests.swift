import FERCore
import NeuralKit
import Support
import Testing

@Suite("Option groups")
struct OptionGroupTests {
  private func decoded(_ text: String) throws -> (Grouped.Options, [String]) {
    let (options, issues) = RecipeDecoder(owner: "\"grouped\"").decode(
      Grouped.Options.self, from: try JSON5Parser.parse(text).value, at: JSONPath("head"))
    return (options, issues.map { "\($0.path): \($0.message)" })
  }

  @Test("members stand among the owner's keys, written and read")
  func flat() throws {
    let written = try JSONValue.encoding(Grouped.Options())
    #expect(
      written
        == .object([
          "first": .int(1), "low": .int(2), "high": .int(5), "colour": .string("red"), "last": .int(4),
        ]))
    let (options, issues) = try decoded("{low: 3, colour: 'blue', last: 9}")
    #expect(issues == [])
    #expect(options.first == 1 && options.last == 9)
    #expect(options.range.low == 3 && options.range.high == 5 && options.range.paint.colour == "blue")
    #expect(try JSONValue.encoding(options)["low"] == .int(3))
  }

  @Test("a group is described where it was declared")
  func described() {
    #expect(Grouped.Options.described().map(\.key) == ["first", "low", "high", "colour", "last"])
    #expect(Grouped.Options.described()[1].meaning == "Lower end.")
  }

  @Test(
    "what is wrong with a member is told under its own key",
    arguments: [
      ("{low: 'x'}", "head.low: must be a whole number, is the text \"x\""),
      ("{low: 0}", "head.low: must be at least 1, is 0"),
      ("{colour: 'green'}", "head.colour: must be one of red, blue, is \"green\""),
      ("{low: 7}", "head.high: must be at least low: 5 is below 7"),
      ("{colur: 'red'}", "head.colur: \"grouped\" has no such option; did you mean \"colour\"?"),
      ("{range: {low: 3}}", "head.range: \"grouped\" has no such option"),
    ])
  func wrong(text: String, expected: String) throws {
    #expect(try decoded(text).1 == [expected])
  }

  @Test("the owner's own check and the group's are both asked")
  func between() {
    var options = Grouped.Options()
    (options.range.low, options.last) = (7, 0)
    #expect(options.allIssues().map(\.key) == ["high", "last"])
  }

  @Test("two options of one name are refused when the component is registered")
  func collision() {
    var registry = Registry()
    let problem = #expect(throws: RegistryProblem.self) {
      try registry.optimizers.register("twice", Twice.self)
    }
    #expect(
      problem?.description == """
        the optimizer "twice" (\(String(reflecting: Twice.self))) cannot be registered: its default low is declared \
        twice, perhaps by a group of options; rename one
        """)
  }
}

private struct PaintOptions: ComponentOptions {
  @Option("Colour.", oneOf: ["red", "blue"]) var colour = "green"

  init() {}
  init(colour: String) { self.colour = colour }
}

private struct RangeOptions: ComponentOptions {
  @Option("Lower end.", 1...) var low = 2
  @Option("Upper end.", 1...) var high = 5
  @OptionGroup var paint = PaintOptions(colour: "red")

  func issues() -> [OptionIssue] {
    high < low ? [OptionIssue("high", "must be at least low: \(high) is below \(low)")] : []
  }
}

private enum Grouped {
  struct Options: ComponentOptions {
    @Option("First.") var first = 1
    @OptionGroup var range = RangeOptions()
    @Option("Last.") var last = 4

    func issues() -> [OptionIssue] { last == 0 ? [OptionIssue("last", "must not be 0")] : [] }
  }
}

private final class Twice: Optimizer {
  struct Options: ComponentOptions {
    @OptionGroup fileprivate var range = RangeOptions()
    @Option("Again.") var low = 3
  }
  let learningRate: Float = 0
  var state = OptimizerState()
  init(_ options: Options) {}
  func step(_ parameters: [Parameter], learningRate: Float, recompute: () throws -> Void) rethrows {}
}
