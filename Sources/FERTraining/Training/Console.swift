import Foundation
import NeuralKit
import Support

/// Tells a person how a run is going, on standard error: a bar that stays in place on a terminal, a line now and
/// then elsewhere. Nothing here can fail: a closed terminal or pipe is ignored.
package final class Console {
  private let descriptor: Int32
  private let isTerminal: Bool
  private let interval: Double
  private var hasBar = false
  private var lastShown = -Double.infinity

  /// - Parameter descriptor: the file to write to; -1 writes nothing.
  /// - Parameter terminal: what kind of terminal that may be.
  package init(
    descriptor: Int32 = STDERR_FILENO, terminal: String? = ProcessInfo.processInfo.environment["TERM"]
  ) {
    self.descriptor = descriptor
    isTerminal = descriptor >= 0 && isatty(descriptor) == 1 && terminal != "dumb" && terminal != nil
    interval = isTerminal ? 0.1 : 30
  }

  /// Writes a line.
  package func line(_ text: String) {
    clearBar()
    write(text + "\n")
  }

  /// Writes a line that begins with "warning".
  package func warn(_ text: String) { line("warning: " + text) }

  /// Shows how far something is, unless it has been shown a moment ago.
  /// - Parameter detail: what follows the bar.
  package func progress(_ label: String, share: Double, _ detail: () -> String) {
    let now = Clock.seconds
    guard descriptor >= 0, now - lastShown >= interval else { return }
    let isFirst = lastShown == -.infinity
    lastShown = now
    guard isTerminal else {
      // The first moment tells nothing yet.
      if !isFirst { write("\(label)  \(Int(share * 100))%  \(detail())\n") }
      return
    }
    let tail = "  \(Int(share * 100))%  \(detail())"
    let width = max(0, min(30, columns - label.count - tail.count - 5))
    let filled = max(0, min(width, Int(share * Double(width))))
    let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled)
    write("\r\u{1b}[K" + String("\(label)  [\(bar)]\(tail)".prefix(max(1, columns - 1))))
    hasBar = true
  }

  /// Takes the bar away.
  package func clearBar() {
    guard hasBar else { return }
    write("\r\u{1b}[K")
    hasBar = false
  }

  private var columns: Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  private func write(_ text: String) {
    guard descriptor >= 0 else { return }
    _ = Descriptor.write(text, to: descriptor)
  }
}
