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

  /// Reads the process's arguments, does what they ask, and ends the process with the exit code: 0 done, 1 the
  /// work failed, 2 the request was wrong.
  /// - Parameter plugins: components beside those that come with arbex.
  public static func main(plugins: [any Plugin.Type] = []) -> Never {
    // A file opened later must not take the place of a closed standard handle, or remarks would be written into it.
    for handle in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(handle, F_GETFD) < 0 {
      _ = open("/dev/null", O_RDWR)
    }
    // A reader that goes away (`| head`) must not end a training run.
    signal(SIGPIPE, SIG_IGN)
    KernelChoice.restartIfOpenBLASChoseAnOlderKernel()
    let code = run(
      Array(CommandLine.arguments.dropFirst()), plugins: plugins,
      tool: PathText.name(of: CommandLine.arguments.first ?? "arbex"), output: .standard)
    fflush(nil)
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
      switch try ArgumentParser(verbs: Verb.all).parse(arguments) {
      case .version: output.print("\(tool) \(version)")
      case .help(nil): output.print(Help.all(Verb.all, tool: tool))
      case .help(let verb?): output.print(Help.one(verb, tool: tool))
      case .run(let verb, let words, let flags):
        let registry = try Registry.builtins(and: plugins)
        do {
          return try verb.run(
            Invocation(
              words: words, flags: flags, registry: registry, output: output, precisionObstacle: obstacle))
        } catch var problem as UsageProblem where problem.verb.isEmpty {
          problem.verb = verb.name
          throw problem
        }
      }
      return 0
    } catch let problem as UsageProblem {
      let more = problem.verb.isEmpty ? "\(tool) --help" : "\(tool) \(problem.verb) --help"
      output.remark("\(tool): \(problem)\n  \(more) tells more")
      return 2
    } catch {
      output.remark("\(error)")
      return exitCode(for: error)
    }
  }

  /// 2 for what a person can put right in the request or the files it names, else 1.
  static func exitCode(for error: any Error) -> Int32 {
    switch error {
    case let problem as RunProblem: problem.isRequest ? 2 : 1
    case let problem as DataProblem: problem.component.isEmpty ? 2 : 1
    case is RecipeProblems, is UsageProblem, is FileProblem: 2
    default: 1
    }
  }
}

extension CommandOutput {
  /// The process's own.
  package static let standard = CommandOutput(
    print: { Swift.print($0) },
    remark: { text in
      fflush(nil)
      FileHandle.standardError.write(Data((text + "\n").utf8))
    })
}
