import Foundation
import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// The process that tries many inputs, one after the other, and may die of any of them: before each it says its number
/// and how many seconds it may take, after each how it ended.
enum Worker {
  static let mode = "worker"
  /// Memory that no input of ours may need, in bytes; beyond it the worker dies.
  private static let memory: rlim_t = 4 << 30

  static func run(_ options: Options) throws -> Never {
    // Whatever is printed meanwhile must not be taken for the protocol.
    let words = dup(STDOUT_FILENO)
    dup2(STDERR_FILENO, STDOUT_FILENO)
    var limit = rlimit(rlim_cur: memory, rlim_max: memory)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    limit = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    let target = try MutationTargets.made(options.target, options)
    for number in options.from..<(options.from + options.count) {
      var random = RandomSource(seed: options.seed, stream: options.target, sample: UInt64(number))
      say("\(number) \(target.allowance(number))", to: words)
      if options.count == 1, let telling = target as? CommandTarget { telling.tell(number) }
      let verdict: Verdict
      do { verdict = try target.attempt(number, &random) } catch {
        verdict = .fault("the harness failed: \(error)")
      }
      switch verdict {
      case .survived: say("survived", to: words)
      case .refused: say("refused", to: words)
      case .fault(let text): say("fault " + text.replacingOccurrences(of: "\n", with: " / "), to: words)
      }
    }
    exit(0)
  }

  private static func say(_ line: String, to descriptor: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
  }
}
