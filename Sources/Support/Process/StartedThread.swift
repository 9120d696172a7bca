import CProcess
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Starts threads by hand: Foundation's do not tell where the system refuses one, and whoever waits for it waits for ever.
package enum StartedThread {
  /// Runs `body` on a thread of its own.
  /// - Parameter stackSize: in bytes; nil for the system's own.
  /// - Returns: false where the system gives no thread.
  package static func run(_ name: String, stackSize: Int? = nil, _ body: @escaping @Sendable () -> Void)
    -> Bool
  {
    let context = Unmanaged.passRetained(Work(name, body))
    var (thread, attributes) = (pthread_t(), pthread_attr_t())
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
    let failure = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
        arbex_name_thread(work.name)
        work.body()
        return nil
      }, context.toOpaque())
    if failure != 0 { context.release() }
    return failure == 0
  }

  private final class Work {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }
  }
}
