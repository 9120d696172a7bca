import FERCore
import FERTraining
import Foundation
import Support
import TestSupport
import Testing

@testable import ARBEx

@Suite("Exit codes")
struct ExitCodeTests {
  @Test("an error's kind decides, and the code of the system call behind it")
  func kinds() {
    for code in [ENOSPC, EDQUOT, EIO, EFBIG, EMFILE, ENFILE, ENOMEM, ESTALE, EBADF, ENOLCK] {
      #expect(ExitCode.of(AtomicFile.problem("a", "written", code)) == 1, "\(code)")
    }
    for code in [ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, EROFS, ELOOP, ENAMETOOLONG] {
      #expect(ExitCode.of(AtomicFile.problem("a", "written", code)) == 2, "\(code)")
    }
    #expect(ExitCode.of(FileProblem("a", "is damaged")) == 2)
    #expect(ExitCode.of(DataProblem("a", "is torn")) == 2)
    #expect(ExitCode.of(DataProblem("a", "cannot be read", isRequest: false)) == 1)
    #expect(ExitCode.of(RecipeProblems([])) == 2)
    #expect(ExitCode.of(UsageProblem("what")) == 2)
    #expect(ExitCode.of(RunProblem.request("no")) == 2)
    #expect(ExitCode.of(RunProblem.failure("no")) == 1)
    #expect(ExitCode.of(OutputProblem(.failed, "")) == 1)
    #expect(ExitCode.of(OutputProblem(.closed, "")) == 1)
    #expect(ExitCode.of(OutputProblem(.readerGone, "")) == 141)
    #expect(ExitCode.of(CancellationError()) == 1)
  }

  /// 75 is EX_TEMPFAIL of sysexits.h.
  @Test(
    "what a batch system asked for and was saved is to be continued; what a person did keeps its signal's code"
  )
  func saved() {
    #expect([SIGTERM, SIGUSR1, SIGINT, SIGHUP].map(ExitCode.saved) == [75, 75, 130, 129])
    #expect([SIGTERM, SIGUSR1, SIGINT].map(ExitCode.interrupted) == [143, 138, 130])
  }

  /// SIGHUP 1, SIGINT 2, SIGUSR1 10, SIGPIPE 13, SIGTERM 15 on Linux, each and 128.
  @Test("help and manual tell every code, and the same of it")
  func table() throws {
    #expect(ExitCode.table.map(\.code) == [0, 1, 2, 75, 129, 130, 138, 141, 143])
    let page = try String(
      contentsOfFile: ShippedRecipe.folder + "/../Sources/ARBEx/ARBEx.docc/ExitCodes.md", encoding: .utf8)
    let help = arbex("--help").output
    let manual = try #require(ManualPages.all().first { $0.name == "arbex.1" }).text
    for (code, meaning) in ExitCode.table {
      #expect(page.contains("| \(code) | \(meaning.replacing("|", with: "\\|")) |\n"), "\(code)")
      #expect(help.contains("  \(code)  ") && help.contains(meaning), "\(code)")
      let told = meaning.replacing("-", with: "\\-")
      #expect(manual.contains(".TP\n\\fB\(code)\\fR\n\(told)\n"), "\(code)")
    }
  }

  @Test(
    "a result that cannot be written ends the work; the last word on a training does not where nobody listens"
  )
  func conclusion() throws {
    func output(_ reason: OutputProblem.Reason) -> CommandOutput {
      CommandOutput(print: { _ in throw OutputProblem(reason, "no") }, remark: { _ in })
    }
    #expect(throws: OutputProblem.self) { try output(.readerGone).print("") }
    try output(.readerGone).conclude("")
    try output(.closed).conclude("")
    #expect(throws: OutputProblem.self) { try output(.failed).conclude("") }
    #expect(CommandLineTool.run(["--version"], output: output(.readerGone)) == 141)
    #expect(CommandLineTool.run(["doctor"], output: output(.failed)) == 1)
  }

  @Test(
    "every verb: without its words, with an unknown flag and with a flag given twice, it is a wrong request")
  func wrongRequests() {
    for verb in Verb.all {
      let name = verb.name.split(separator: " ").map(String.init)
      let words = verb.arguments.filter { $0.count != .optional && $0.count != .any }.map { _ in "x" }
      if !words.isEmpty {
        let answer = Answer(name)
        #expect(answer.code == 2 && answer.output.isEmpty, "\(verb.name)")
        #expect(
          answer.remarks.hasPrefix("arbex: \"\(verb.name)\" needs \(verb.arguments[0].name)"),
          "\(answer.remarks)")
      }
      let unknown = Answer(name + words + ["--no-such-flag"])
      #expect(unknown.code == 2 && unknown.remarks.contains("has no flag \"--no-such-flag\""), "\(verb.name)")
      for flag in verb.flags where !flag.isRepeatable {
        let given = flag.value == nil ? [flag.name] : [flag.name, "1"]
        let twice = Answer(name + words + given + given)
        #expect(twice.code == 2 && twice.remarks.contains("\(flag.name) is given twice"), "\(verb.name)")
      }
    }
  }
}
