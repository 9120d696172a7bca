import CProcess
import Foundation
import Synchronization

/// The component whose code a thread runs, for the sentence with which that code may end the process.
///
/// Whoever calls a component names it: `Running("head \"mlp\"") { ... }`. A name costs a few nanoseconds where it is made
/// once and used often. Threads that help (``Parallel`` in TensorKit) take over the name of the one they help.
package struct Running: @unchecked Sendable {
  private let title: UnsafePointer<CChar>?

  /// - Parameter title: kind and name, as in `head "mlp"`.
  package init(_ title: String) {
    self.title = titles.withLock { known in
      if let old = known[title] { return old.text }
      let text = Text(text: UnsafePointer(strdup(title)))
      known[title] = text
      return text.text
    }
  }

  private init(title: UnsafePointer<CChar>?) { self.title = title }

  /// What this thread runs now; without a title where it is no component's code.
  package static var current: Running { Running(title: arbex_running()) }

  /// Names what `body` does.
  package func callAsFunction<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = arbex_running()
    arbex_set_running(title)
    defer { arbex_set_running(before) }
    return try body()
  }

  /// The title; nil where it is no component's code.
  package var text: String? { title.map { String(cString: $0) } }
}

private struct Text: @unchecked Sendable { let text: UnsafePointer<CChar>? }
/// Titles stay for as long as the process lives: a signal handler may read them.
private let titles = Mutex<[String: Text]>([:])
