import FERCore
import FERTools
import FERTraining
import Foundation
import NeuralKit
import TensorKit
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The whole command line, for `arbex` itself and for programs that bring plug-ins of their own.
public enum CommandLineTool {
  /// The version of arbex.
  public static let version = Program.version

  /// Reads the process's arguments, does what they ask, and ends the process with its ``ExitCode``.
  /// - Parameter plugins: components beside those that come with arbex.
  public static func main(plugins: [any Plugin.Type] = []) -> Never {
    StandardStream.prepare()
    KernelChoice.restartIfOpenBLASChoseAnOlderKernel()
    tellOfTraps()
    let tool = PathText.name(of: CommandLine.words.first ?? "arbex")
    var code = run(
      Array(CommandLine.words.dropFirst()), plugins: plugins, tool: tool, output: .standard)
    do { try StandardStream.finish() } catch {
      if code == ExitCode.done { code = end(after: error, tool: tool, output: .standard) }
    }
    exit(code)
  }

  /// The same inside a running program: the exit code is returned. `environment` is only checked: what it says of
  /// kernels and threads counts from the start of the process.
  package static func run(
    _ arguments: [String], plugins: [any Plugin.Type] = [], tool: String = "arbex", output: CommandOutput,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> Int32 {
    run(
      arguments, plugins: plugins, tool: tool, output: output, environment: environment, obstacle: \.obstacle)
  }

  /// The same where `obstacle` tells what is missing for a precision, as on another CPU.
  static func run(
    _ arguments: [String], plugins: [any Plugin.Type] = [], tool: String = "arbex", output: CommandOutput,
    environment: [String: String] = ProcessInfo.processInfo.environment,
    obstacle: @escaping @Sendable (Precision) -> String?
  ) -> Int32 {
    do {
      if let problem = KernelWord.problem(environment[Kernels.variable], best: .best) { throw problem }
      let launch = Launch(environment: environment)
      let threads = ThreadChoice(
        cores: ThreadChoice.current.cores, of: ThreadChoice.machineCores, quota: ThreadChoice.current.quota,
        asked: environment[ThreadChoice.variable], launch: launch)
      if let problem = threads.problem { throw UsageProblem(problem) }
      switch try ArgumentParser(verbs: Verb.all).parse(arguments) {
      case .version: try output.print("\(tool) \(version)")
      case .help(nil): try output.print(Help.all(Verb.all, tool: tool))
      case .help(let verb?): try output.print(Help.one(verb, tool: tool))
      case .run(let verb, let words, let flags):
        // Once, not by each of many processes.
        if launch.rank == 0 {
          OwnVariables.remarks(on: environment).forEach(output.remark)
          if let remark = threads.remark { output.remark(remark) }
          if launch.size > 1, !sharedWork.contains(verb.name) {
            output.remark(
              "\(verb.name): \(launch.size) processes were started together, and each does all of it by itself; those that "
                + "share their work are \(sharedWork.joined(separator: ", "))")
          }
        }
        let registry = try Registry.builtins(and: plugins)
        do {
          return try verb.run(
            Invocation(
              words: words, flags: flags, registry: registry, output: output, tool: tool,
              precisionObstacle: obstacle))
        } catch var problem as UsageProblem where problem.verb.isEmpty {
          problem.verb = verb.name
          throw problem
        }
      }
      return ExitCode.done
    } catch {
      return end(after: error, tool: tool, output: output)
    }
  }

  /// What several processes of a launcher do together, or take from one another.
  private static let sharedWork = ["train", "sweep", "bench scaling"]

  /// Tells of an error.
  /// - Returns: the exit code.
  static func end(after error: any Error, tool: String, output: CommandOutput) -> Int32 {
    let code = ExitCode.of(error)
    switch error {
    case let problem as UsageProblem:
      let more = problem.verb.isEmpty ? "\(tool) --help" : "\(tool) \(problem.verb) --help"
      output.remark("\(tool): \(problem)\n  \(more) tells more")
    case is OutputProblem:
      // Who reads no results wants no remarks on it.
      if code != ExitCode.readerGone { output.remark("\(tool): \(error)") }
    default: output.remark("\(error)")
    }
    return code
  }
}

extension CommandOutput {
  /// The process's own.
  package static let standard = CommandOutput(
    print: { try StandardStream.print($0 + "\n") }, remark: { StandardStream.remark($0 + "\n") })
}
