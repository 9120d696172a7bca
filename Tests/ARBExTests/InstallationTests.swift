import Foundation
import Support
import TestSupport
import Testing

@testable import ARBEx

/// What an installation brings beside the program.
@Suite("Completion, man pages and recipes by name")
struct InstallationTests {
  private let folder = TestFolder()

  /// A command of the shell, and what it prints.
  private func shell(_ program: String, _ script: String) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["-c", script]
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (pipe, pipe)
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// The words that bash offers behind a line.
  private func offered(_ words: [String]) throws -> Set<String> {
    let file = folder / "arbex.bash"
    try Data(Completion.bash.script().utf8).write(to: URL(fileURLWithPath: file))
    let line = words.map { "'\($0)'" }.joined(separator: " ")
    let (code, output) = try shell(
      "/bin/bash",
      "source \(file); COMP_WORDS=(\(line)); COMP_CWORD=\(words.count - 1); cd /nonexistent 2>/dev/null; _arbex; "
        + "printf '%s\\n' \"${COMPREPLY[@]}\"")
    #expect(code == 0, "\(output)")
    return Set(output.split(separator: "\n").map(String.init))
  }

  @Test("bash offers verbs, the second words of a family, and a verb's own flags")
  func bash() throws {
    let firsts = try offered(["arbex", ""])
    #expect(firsts.isSuperset(of: ["train", "recipe", "plugins", "new", "bench", "--version"]))
    #expect(try offered(["arbex", "tr"]) == ["train"])
    #expect(try offered(["arbex", "recipe", ""]) == ["list", "show", "check"])
    #expect(try offered(["arbex", "train", "x.json5", "--re"]) == ["--resume"])
    #expect(try offered(["arbex", "recipe", "show", "--"]) == ["--set", "--json", "--help"])
    // A verb that another begins with.
    #expect(try !offered(["arbex", "bench", "data", "--"]).contains("--precision"))
    #expect(try offered(["arbex", "bench", "--pr"]) == ["--precision"])
  }

  @Test("every verb and flag is in every script")
  func complete() {
    for shell in Completion.allCases {
      let script = shell.script()
      for verb in Verb.all {
        for word in verb.name.split(separator: " ") { #expect(script.contains(word)) }
        for flag in verb.flags {
          let name = shell == .fish ? "-l \(flag.name.dropFirst(2))" : flag.name
          #expect(script.contains(name), "\(shell) \(verb.name) \(flag.name)")
        }
      }
    }
  }

  @Test("another shell is refused by name")
  func unknown() {
    let answer = arbex("completion", "zhs")
    #expect(answer.code == 2 && answer.remarks.contains("did you mean \"zsh\"?"), "\(answer.remarks)")
  }

  @Test(
    "man pages: one for the whole and one for each verb, without a line that would be taken for a request")
  func manual() throws {
    let answer = arbex("manual", folder / "pages")
    #expect(answer.code == 0, "\(answer.remarks)")
    let names = Set(try FileManager.default.contentsOfDirectory(atPath: folder / "pages"))
    #expect(names.count == Verb.all.count + 1 && names.isSuperset(of: ["arbex.1", "arbex-recipe-show.1"]))
    try Data().write(to: folder.url("file"))
    let blocked = arbex("manual", folder / "file/pages")
    #expect(blocked.code == 2 && blocked.remarks.contains("file/pages: cannot be made a folder: part of its"))
    let requests: Set<String> = [".TH", ".SH", ".TP", ".nf", ".fi"]
    for page in ManualPages.all() {
      #expect(page.text.hasPrefix(".TH ARBEX"))
      for line in page.text.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
        #expect(requests.contains(String(line.prefix(3))), "\(page.name): \(line)")
      }
    }
  }

  @Test(
    "a recipe is found by its name; a file of that name comes first; what is not there is told as it was typed"
  )
  func recipes() throws {
    let recipes = ShippedRecipes(
      environment: [ShippedRecipes.variable: folder.path], program: "/nowhere/bin/arbex")
    #expect(recipes.folders == [PathText.absolute(folder.path)])
    try FileManager.default.createDirectory(atPath: folder / "deep", withIntermediateDirectories: true)
    try Data("// One thing. And another.\n{}".utf8).write(to: folder.url("one.json5"))
    try Data("// Two lines of\n// words: and more\n{}".utf8).write(to: folder.url("deep/two.json5"))
    #expect(recipes.names == ["deep/two", "one"])
    #expect(
      recipes.path(for: "one") == folder / "one.json5"
        && recipes.path(for: "one.json5") == folder / "one.json5")
    #expect(recipes.path(for: "deep/two") == folder / "deep/two.json5")
    #expect(recipes.path(for: "three") == "three" && recipes.path(for: "./one") == "./one")
    #expect(recipes.path(for: folder / "deep/two.json5") == folder / "deep/two.json5")
    #expect(recipes.suggestion(for: "onne.json5") == "; did you mean \"one\"?")
    #expect(recipes.suggestion(for: "deep/tow") == "; did you mean \"deep/two\"?")
    for word in ["zebra", "runs/one", "./onne", "/onne"] {
      #expect(recipes.suggestion(for: word) == "", "\(word)")
    }
    #expect(
      recipes.purpose(of: "one") == "One thing" && recipes.purpose(of: "deep/two") == "Two lines of words")
  }

  @Test(
    "a mistyped name of a recipe is told with the nearest, by every verb that takes one",
    arguments: [
      ["train", "quickstrat"], ["train", "quickstrat", "--smoke"], ["recipe", "check", "quickstrat"],
      ["recipe", "show", "quickstrat"], ["bench", "quickstrat"], ["bench", "start", "quickstrat"],
      ["sweep", "quickstrat"], ["eval", "quickstrat", "--weights", "w"],
      ["weights", "import", "w", "--recipe", "quickstrat", "--out", "absent.safetensors"],
    ])
  func mistyped(words: [String]) {
    let answer = Answer(words)
    #expect(answer.code == 2)
    #expect(
      answer.remarks.contains("quickstrat: does not exist; did you mean \"quickstart\"?\n1 problem"),
      "\(answer.remarks)")
  }

  @Test("to resume by a mistyped name names the nearest too")
  func mistypedResume() {
    let answer = arbex("train", "quickstrat", "--resume")
    #expect(
      answer.code == 2
        && answer.remarks.contains("no such recipe and no such run; did you mean \"quickstart\"?"),
      "\(answer.remarks)")
  }

  @Test("the folder beside an installed program's")
  func installed() throws {
    let share = folder / "share/arbex/recipes"
    try FileManager.default.createDirectory(atPath: share, withIntermediateDirectories: true)
    let recipes = ShippedRecipes(environment: [:], program: folder / "bin/arbex")
    #expect(recipes.folders == [PathText.absolute(share)])
  }
}
