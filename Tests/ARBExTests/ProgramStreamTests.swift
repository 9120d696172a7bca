import FERTools
import Foundation
import TestSupport
import Testing

@testable import ARBEx

/// What coreutils do is the measure: `ls > /dev/full` tells of it and ends with 1, `yes | head -1` ends by SIGPIPE, which a
/// shell reports as 141.
@Suite("The program's streams", .serialized)
struct ProgramStreamTests {
  private let folder = TestFolder()

  private func run(_ script: String) throws -> ChildProcess { try ProgramRun.shell(script, in: folder) }

  /// A run that nobody trained, `run`, and pictures: `good.png`, `bad.png`.
  private func makeRun() throws {
    let recipe = try Recipe.load(
      path: ShippedRecipe.path("quickstart"), overrides: ["model.backbone.widths=[8,8,8,8]"],
      registry: try Registry.builtins())
    try StartBenchmark.writeUntrainedRun(recipe, to: folder / "run")
    try Data(try ImageFile.encodePNG(Bars.picture(3))).write(to: folder.url("good.png"))
    try Data("no image".utf8).write(to: folder.url("bad.png"))
  }

  /// Descriptor 3 of the script is a pipe whose reader has gone.
  private let brokenPipe = """
    mkfifo pipe && { head -c 1 < pipe > /dev/null & } && exec 3> pipe && printf x >&3 && wait
    """

  @Test(
    "results that cannot be written: one sentence and 1, without a word and 141 where nobody reads",
    arguments: [
      "--help", "--version", "help train", "doctor", "doctor --json", "plugins list --json",
      "plugins describe anchor", "recipe show $recipe", "recipe check $recipe --json", "recipe check $recipe",
    ])
  func everyVerb(words: String) throws {
    let result = try run(
      """
      recipe='\(ShippedRecipe.path("quickstart"))'
      "$arbex" \(words) > /dev/full; echo $?
      "$arbex" \(words) >&-; echo $?
      \(brokenPipe)
      "$arbex" \(words) >&3; echo $?
      """)
    #expect(result.output == "1\n1\n141\n", "\(result.remarks)")
    let remarks = result.remarks.split(separator: "\n")
    #expect(remarks.count == 2, "\(result.remarks)")
    #expect(
      remarks[0].hasPrefix(
        "arbex: standard output (/dev/full): cannot be written: no space is left on its disk"))
    #expect(remarks[1] == "arbex: standard output: cannot be written: it is closed")
  }

  @Test("predictions: a full disk, a closed stream, a limit; a full standard error loses no result")
  func predictions() throws {
    try makeRun()
    let result = try run(
      """
      for form in --csv --lines --json ''; do
        "$arbex" predict run good.png $form > /dev/full; echo $?
        "$arbex" predict run good.png bad.png $form > out 2> /dev/full; echo $? $(grep -c good.png out)
      done
      "$arbex" predict run good.png --csv <&- >&- 2>&-; echo $?
      exec 4>&1; { (ulimit -f 1; "$arbex" predict run good.png --picture face.png 2>&1 > /dev/null); echo $? >&4; } | cat >&2
      """)
    #expect(result.output == String(repeating: "1\n1 1\n", count: 4) + "1\n1\n", "\(result.remarks)")
    let remarks = result.remarks.split(separator: "\n")
    #expect(remarks.count == 5, "\(result.remarks)")
    #expect(remarks.last?.hasPrefix("face.png: cannot be written: it would be larger than") == true)
    #expect(!folder.names().contains("face.png"))
  }

  @Test("predicting a list without end stops at the first line that nobody reads", .timeLimit(.minutes(2)))
  func endless() throws {
    try makeRun()
    let result = try run(
      #"{ yes good.png 2> /dev/null | "$arbex" predict run - --lines; echo $? >&2; } | head -1"#)
    #expect(result.remarks == "141\n")
    #expect(result.output.split(separator: "\n").count == 1 && result.output.contains("good.png"))
  }

  @Test("standard input that cannot be read is told of")
  func input() throws {
    try makeRun()
    let result = try run(
      #""$arbex" predict run - <&-; echo $?; "$arbex" predict run - < . ; echo $?"#)
    #expect(result.output == "1\n2\n")
    #expect(result.remarks.contains("standard input: cannot be read: Bad file descriptor\n"))
    #expect(result.remarks.contains("standard input: cannot be read: it is a folder\n"))
  }
}
