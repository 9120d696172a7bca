import CProcess
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Ends the process with one sentence on standard error, in release builds too: for what is found where nobody can be
/// told of it by an error, as in the middle of an operation on tensors. The sentence begins with the component whose code
/// this thread runs (``Running``), where there is one.
/// - Parameter code: the exit code: 1 the work failed, 2 the request was wrong.
package func stop(_ sentence: String, code: Int32 = 1) -> Never {
  // Several threads may find the same at once; one sentence is enough.
  if isStopping.exchange(true, ordering: .acquiringAndReleasing) { while true { pause() } }
  // Results that were printed before are not lost with the process.
  fflush(nil)
  let owner = arbex_running().map { String(cString: $0) + ": " } ?? ""
  let line = (isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : "") + owner + sentence + "\n"
  _ = Descriptor.write(line, to: STDERR_FILENO)
  _exit(code)
}

private let isStopping = Atomic<Bool>(false)

/// Ends the process with a sentence where `condition` does not hold, in release builds too. For what a component's author
/// must see to; what a user can do wrong is thrown.
package func require(_ condition: Bool, _ sentence: @autoclosure () -> String) {
  if !condition { stop(sentence()) }
}

/// From now on, a trap anywhere in this process ends it with a sentence, and exit code 1, in place of a backtrace.
package func tellOfTraps() { arbex_tell_of_traps() }
