import Foundation
import TestSupport
import Testing

@testable import FERTraining

@Suite("Console", .serialized)
struct ConsoleTests {
  /// What a console writes to a terminal of so many columns: a bar, a line, a bar taken away.
  private func written(columns: Int, terminal: Bool = true) throws -> String {
    let outer = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    defer { close(outer) }
    // Linux's TIOCSPTLCK and TIOCGPTN: the inner end may be opened, and what it is called.
    var (lock, number) = (Int32(0), UInt32(0))
    try #require(ioctl(outer, 0x4004_5431, &lock) == 0 && ioctl(outer, 0x8004_5430, &number) == 0)
    let inner = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    defer { close(inner) }
    var size = winsize()
    size.ws_col = UInt16(columns)
    #expect(ioctl(inner, UInt(TIOCSWINSZ), &size) == 0)
    let console = Console(descriptor: inner, terminal: terminal ? "xterm" : "dumb")
    console.progress("epoch 1/2", share: 0.5) { "loss 1.25, 300 images/s, 0:10 to go" }
    console.line("done")
    var (text, bytes) = ("", [UInt8](repeating: 0, count: 4096))
    while !text.hasSuffix("done\r\n") {
      let count = read(outer, &bytes, bytes.count)
      guard count > 0 else { break }
      text += String(decoding: bytes.prefix(count), as: UTF8.self)
    }
    return text
  }

  /// A terminal that tells no width counts as one of 80 columns. The last column stays free, so that no line breaks.
  @Test(
    "a bar never is wider than its terminal", arguments: [(0, 80), (1, 1), (20, 20), (80, 80), (500, 500)])
  func widths(columns: Int, room: Int) throws {
    let text = try written(columns: columns)
    let bar = try #require(text.components(separatedBy: "\u{1b}[K").dropFirst().first)
      .replacing("\r", with: "")
    #expect(bar.count <= max(1, room - 1) && bar.hasPrefix("e"), "\(bar)")
    #expect(bar.contains("[") == (room >= 20), "\(bar)")
    #expect(text.hasSuffix("\r\u{1b}[Kdone\r\n"), "\(text)")
  }

  @Test("no control codes where there is no terminal, or one that knows none")
  func plain() throws {
    #expect(try written(columns: 80, terminal: false) == "done\r\n")
    let warnings = Warnings()
    let console = Console(descriptor: warnings.descriptor, terminal: "xterm")
    console.progress("epoch", share: 0.5) { "" }
    console.clearBar()
    console.warn("mind")
    #expect(warnings.text == "warning: mind\n")
  }

  @Test("a pipe that nobody reads and a disk that is full end nothing")
  func gone() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    Console(descriptor: ends[1]).line("one")
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    Console(descriptor: full).line("two")
  }
}
