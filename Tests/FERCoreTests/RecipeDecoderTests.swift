import FERCore
import NeuralKit
import Testing
import Support

@Suite("Recipe decoder")
struct RecipeDecoderTests {
  @Test(
    "each wrong type is told with what was found and what is expected",
    arguments: [
      ("{channels: 2.5}", "channels: must be a whole number, is 2.5"),
      ("{channels: '3'}", "channels: must be a whole number, is the text \"3\""),
      ("{channels: 1e300}", "channels: must be a whole number, is 1e+300"),
      ("{ratio: '1e-4'}", "ratio: must be a number, is the text \"1e-4\""),
      ("{ratio: NaN}", "ratio: must be a finite number, is nan"),
      ("{ratio: -Infinity}", "ratio: must be a finite number, is -inf"),
      ("{ratio: 1e999}", "ratio: must be a finite number, is inf"),
      ("{ratio: 1e39}", "ratio: must be a number below 3.4e38, is 1e+39"),
      ("{deep: 'yes'}", "deep: must be true or false, is the text \"yes\""),
      ("{deep: 1}", "deep: must be true or false, is 1"),
      ("{style: 3}", "style: must be text, is 3"),
      ("{style: 'fanci'}", "style: must be one of plain, fancy, is \"fanci\""),
      ("{units: 5}", "units: must be a list of whole numbers, is 5"),
      ("{units: [1, 'b']}", "units[1]: must be a whole number, is the text \"b\""),
      ("{units: {}}", "units: must be a list of whole numbers, is an object"),
      ("{units: [0]}", "units: must be at least 1, is 0"),
      ("{channels: 65}", "channels: must be at least 1 and at most 64, is 65"),
      ("{ratio: 0}", "ratio: must be above 0, is 0"),
      ("{table: 5}", "table: must be text, is 5"),
      ("{chanels: 5}", "chanels: \"tiny\" has no such option; did you mean \"channels\"?"),
      ("[]", "must be an object, is a list"),
    ])
  func wrong(text: String, expected: String) throws {
    let given = try JSON5Parser.parse(text).value
    let (options, issues) = RecipeDecoder(owner: "\"tiny\"").decode(
      TinyOptions.self, from: given, at: JSONPath())
    let told = issues.map { ($0.path.steps.isEmpty ? "" : "\($0.path): ") + $0.message }
    #expect(told == [expected])
    #expect(options.side == 4)
  }

  @Test("what is right is taken, what is absent or null stays at its default, what is wrong falls back")
  func mixture() throws {
    let given = try JSON5Parser.parse("{channels: 8, ratio: 2, units: [3], side: null, style: 4, deep: true}")
      .value
    let (options, issues) = RecipeDecoder(owner: "\"tiny\"").decode(
      TinyOptions.self, from: given, at: JSONPath("model", "backbone"))
    #expect(options.channels == 8 && options.ratio == 2 && options.units == [3] && options.deep)
    #expect(options.side == 4 && options.style == "plain")
    #expect(issues == [RecipeIssue(JSONPath("model", "backbone", "style"), "must be text, is 4")])
  }

  @Test("every key with one letter dropped, doubled, changed or swapped is recognised")
  func misspelt() throws {
    let keys = TinyOptions.described().map(\.key)
    for key in keys {
      let letters = Array(key)
      for place in letters.indices {
        var variants = [letters[..<place] + letters[(place + 1)...], letters[...place] + letters[place...]]
        variants.append(letters[..<place] + ["q"] + letters[(place + 1)...])
        if place > 0 {
          let swapped = [letters[place], letters[place - 1]]
          variants.append(letters[..<(place - 1)] + swapped + letters[(place + 1)...])
        }
        for variant in variants.map({ String($0) }) where variant != key {
          let issues = RecipeDecoder(owner: "\"tiny\"").decode(
            TinyOptions.self, from: .object([variant: .int(1)]), at: JSONPath()
          ).issues
          #expect(
            issues.first?.message == "\"tiny\" has no such option; did you mean \"\(key)\"?", "\(variant)")
        }
      }
    }
  }

  @Test(
    "a choice is one of its words, alone and in a list",
    arguments: [
      ("{stem: 'small', stages: ['small', 'large']}", nil),
      ("{stem: 'huge'}", "stem: must be one of large, small, is \"huge\""),
      ("{stem: 3}", "stem: must be text, is 3"),
      ("{stages: ['small', 'huge']}", "stages[1]: must be one of large, small, is \"huge\""),
      ("{stages: 'small'}", "stages: must be a list of text, is the text \"small\""),
    ])
  func choices(text: String, expected: String?) throws {
    let (options, issues) = RecipeDecoder(owner: "\"tower\"").decode(
      ChoiceOptions.self, from: try JSON5Parser.parse(text).value, at: JSONPath())
    #expect(issues.map { "\($0.path): \($0.message)" } == [expected].compactMap { $0 })
    if expected == nil { #expect(options.stem == .small && options.stages == [.small, .large]) }
    #expect(ChoiceOptions.described().map(\.kind) == ["text", "list of text"])
    #expect(ChoiceOptions.described().map(\.range.choices) == [["large", "small"], ["large", "small"]])
    #expect(try JSONValue.encoding(ChoiceOptions())["stem"] == .string("large"))
  }

  @Test("nested structs, lists of structs and enums are read, each problem with its path")
  func nested() throws {
    let text = "{layer: {size: 'x', kind: 'cubic', extra: 1}, layers: [{size: 2, kind: 'round'}]}"
    let (options, issues) = RecipeDecoder(owner: "\"nest\"").decode(
      NestedOptions.self, from: try JSON5Parser.parse(text).value, at: JSONPath())
    #expect(options.layers == [NestedOptions.Layer(size: 2, kind: .round)])
    #expect(options.layer == NestedOptions.Layer())
    #expect(
      issues.map { "\($0.path): \($0.message)" } == [
        "layer.extra: \"nest\" has no such option",
        "layer.size: must be a whole number, is the text \"x\"",
        "layer.kind: must be one of square, round, is \"cubic\"",
      ])
  }
}

private struct NestedOptions: ComponentOptions {
  struct Layer: Codable, Sendable, Equatable {
    enum Kind: String, OptionChoice { case square, round }
    var size = 1
    var kind = Kind.square
  }
  var layer = Layer()
  var layers: [Layer] = []
}

private struct ChoiceOptions: ComponentOptions {
  enum Stem: String, OptionChoice { case large, small }
  @Option("A word.") var stem = Stem.large
  @Option("A list of words.") var stages = [Stem.large]
}

private struct TinyOptions: ComponentOptions {
  @Option("Channels of the only level.", 1...64) var channels = 4
  @Option("Side of the only level.", 1...) var side = 4
  @Option("A number.", above: 0) var ratio: Float = 0.5
  @Option("A word.", oneOf: ["plain", "fancy"]) var style = "plain"
  @Option("A switch.") var deep = false
  @Option("A list.", 1...) var units = [1, 2]
  @Option("A file.") var table: FilePath = ""
}
