@testable import ARBEx
import Foundation
import TestSupport
import Testing
import Support

@Suite("Command line")
struct CommandLineTests {
  @Test(
    "a wrong request is told with the nearest name and ends with 2",
    arguments: [
      (["recip", "show"], "arbex: there is no verb \"recip\"; did you mean \"recipe show\"?"),
      (["docter"], "arbex: there is no verb \"docter\"; did you mean \"doctor\"?"),
      (["--vresion"], "arbex: there is no flag before the verb \"--vresion\"; did you mean \"--version\"?"),
      (["recipe"], "arbex: \"recipe\" needs one more word: recipe list, recipe show, recipe check"),
      (["recipe", "chek", "x"], "arbex: there is no verb \"recipe chek\"; did you mean \"recipe check\"?"),
      (
        ["recipe", "show"],
        "arbex: \"recipe show\" needs RECIPE, a recipe file, or the name of one that comes along"
      ),
      (["recipe", "show", "a", "b"], "arbex: \"recipe show\" does not know what to do with \"b\""),
      (
        ["recipe", "show", "a", "--jsn"],
        "arbex: \"recipe show\" has no flag \"--jsn\"; did you mean \"--json\"?"
      ),
      (["recipe", "show", "a", "--json", "--json"], "arbex: --json is given twice"),
      (["recipe", "show", "a", "--set"], "arbex: --set needs a value, KEY=VALUE"),
      (["recipe", "show", "a", "--set", "--json"], "arbex: --set needs a value, KEY=VALUE"),
      (["recipe", "show", "a", "--json=yes"], "arbex: --json takes no value"),
      (["plugins", "describe", "ancor"], "arbex: no component is named \"ancor\"; did you mean \"anchor\"?"),
    ])
  func usage(arguments: [String], sentence: String) {
    let answer = Answer(arguments)
    #expect(answer.code == 2)
    #expect(answer.output == "")
    #expect(answer.remarks.split(separator: "\n").first.map(String.init) == sentence)
  }

  @Test("no arguments: the verbs are named, exit code 2")
  func nothing() {
    let told = arbex()
    #expect(told.code == 2)
    #expect(told.remarks.hasPrefix("arbex: nothing to do; name a verb: "))
  }

  @Test("every verb has help that names its arguments and flags")
  func help() {
    #expect(arbex("--version").output == "arbex \(CommandLineTool.version)\n")
    for arguments in [["--help"], ["-h"], ["help"]] {
      #expect(Verb.all.allSatisfy { (arbex(arguments[0]).output).contains($0.name) })
    }
    for verb in Verb.all {
      let words = verb.name.split(separator: " ").map(String.init)
      let told = CommandLineTool.helpForTests(words)
      #expect(told.code == 0 && told.remarks == "")
      for flag in verb.flags { #expect(told.output.contains(flag.name), "\(verb.name)") }
      for argument in verb.arguments { #expect(told.output.contains(argument.meaning), "\(verb.name)") }
    }
  }

  @Test("flags may stand anywhere, carry = and end at --")
  func flags() throws {
    let verb = Verb(
      "try", "", arguments: [.init("A", "", count: .any)],
      flags: [.init("--out", value: "DIR", ""), .set, .json]
    ) { _ in 0 }
    let request = try ArgumentParser(verbs: [verb]).parse(
      ["try", "x", "--out=d=e", "y", "--set", "a=1", "--set=b=-2", "--json", "--", "--z", "-"])
    guard case .run(_, let words, let flags) = request else {
      Issue.record("no verb was found")
      return
    }
    #expect(words == ["x", "y", "--z", "-"])
    #expect(flags == ["--out": ["d=e"], "--set": ["a=1", "b=-2"], "--json": [""]])
  }

  @Test("numbers behind flags are checked")
  func numbers() throws {
    let call = Invocation(
      words: [], flags: ["--threads": ["0"], "--batch": ["8"]], registry: Registry(),
      output: CommandOutput(print: { _ in }, remark: { _ in }))
    #expect(try call.wholeNumber("--batch") == 8)
    #expect(try call.wholeNumber("--none") == nil)
    #expect(throws: UsageProblem("--threads needs a whole number of at least 1, was given \"0\"")) {
      try call.wholeNumber("--threads", atLeast: 1)
    }
  }

  @Test("a missing recipe is a wrong request; with --json the problems are one object")
  func missingRecipe() throws {
    let told = arbex("recipe", "check", "/nowhere/a.json5")
    #expect(told.code == 2)
    #expect(told.remarks == "/nowhere/a.json5: does not exist\n1 problem, nothing was built\n")
    let json = arbex("recipe", "check", "/nowhere/a.json5", "--json")
    #expect(json.code == 2)
    #expect(try JSON5Parser.parse(json.output).value["problems"]?.elements?.count == 1)
  }

  @Test("plugins are listed and described; one name under two kinds shows both")
  func plugins() throws {
    #expect(arbex("plugins", "list").output.contains("correction term"))
    let page = arbex("plugins", "describe", "anchor").output
    #expect(page.contains("correction term \"anchor\"") && page.contains("loss \"anchor\""))
    #expect(
      page.contains(
        "perClass  whole number  10       at least 1 and at most 1000000000  Anchors of each class, K."))
    let json = try JSON5Parser.parse(arbex("plugins", "list", "--json").output).value
    #expect(json["components"]?.elements?.count == (try Registry.builtins()).summaries.count)
  }

  @Test("the doctor knows CPU, kernel, threads and libraries")
  func doctor() throws {
    let json = try JSON5Parser.parse(arbex("doctor", "--json").output).value
    for name in ["CPU", "kernels", "OpenBLAS", "OpenBLAS kernel", "threads", "memory", "libraries"] {
      #expect(json[name]?.text?.isEmpty == false, "\(name)")
    }
    #expect(json["libraries"]?.text?.contains("openblas") == true)
  }

  @Test(
    "all words that stand for nothing are told, each once",
    arguments: [["bench", "compare"], ["compare"], ["plugins", "check"]])
  func wrongWords(verb: [String]) {
    let answer = Answer(verb + ["/no-such-one", "/no-such-other"])
    #expect(answer.code == 2)
    for word in ["/no-such-one", "/no-such-other"] {
      #expect(answer.remarks.components(separatedBy: word).count == 2, "\(answer.remarks)")
    }
  }
}

extension CommandLineTool {
  fileprivate static func helpForTests(_ words: [String]) -> Answer {
    words.count == 2 ? arbex(words[0], words[1], "--help") : arbex(words[0], "--help")
  }
}
