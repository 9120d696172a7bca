#if canImport(Glibc)
  import Glibc
#endif

/// Standard output took no more.
package struct OutputProblem: AttributedError, Equatable, CustomStringConvertible {
  /// Why.
  package enum Reason: Equatable, Sendable {
    /// Whoever read it has gone: a pipe was closed, as by `| head`, or the terminal.
    case readerGone
    /// It was closed when the program started.
    case closed
    /// It cannot hold more: a full disk, an input/output error.
    case failed
  }

  /// Why it took no more.
  package let reason: Reason
  /// The stream, what happened, and what to do.
  package let description: String
  /// False: asking in another way would not help.
  package var isRequest: Bool { false }

  /// Made from its parts.
  package init(_ reason: Reason, _ description: String) {
    (self.reason, self.description) = (reason, description)
  }
}

/// Standard input, output and error of this process. Nothing here traps, whatever they are connected to.
package enum StandardStream {
  /// To be called once, before any file is opened.
  package static func prepare() {
    takeClosedPlaces()
    // Failed writes are told by their codes: neither a pipe that nobody reads nor a limit on the size of files ends the
    // process by a signal.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    _ = wasTerminal
  }

  /// Takes the places of closed standard streams, so that no file opened later can get one of their numbers and be
  /// written into. Reading or writing them still fails, as if they were closed; also after `exec`.
  private static func takeClosedPlaces() {
    for (descriptor, mode) in [
      (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY),
    ]
    where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", mode)
    }
  }

  /// Writes results to standard output at once.
  package static func print(_ text: String) throws(OutputProblem) {
    let code = Descriptor.write(text, to: STDOUT_FILENO)
    if code != 0 { throw problem(code) }
  }

  /// Writes remarks to standard error; where nobody can have them, they are lost and nothing else happens.
  package static func remark(_ text: String) { _ = Descriptor.write(text, to: STDERR_FILENO) }

  /// Closes standard output: some file systems tell only now that a disk was full.
  package static func finish() throws(OutputProblem) {
    guard close(STDOUT_FILENO) < 0, errno != EBADF, errno != EINTR else { return }
    throw problem(errno)
  }

  /// A terminal that was there at the start and has gone answers with an input/output error.
  private static let wasTerminal = isatty(STDOUT_FILENO) == 1

  /// Why a write to standard output failed with `code`.
  static func problem(_ code: Int32, wasTerminal: Bool = wasTerminal) -> OutputProblem {
    let reason: OutputProblem.Reason =
      switch code {
      case EPIPE: .readerGone
      case EIO where wasTerminal: .readerGone
      case EBADF: .closed
      default: .failed
      }
    guard reason != .closed else {
      return OutputProblem(reason, "standard output: cannot be written: it is closed")
    }
    let problem = AtomicFile.problem(target ?? ".", "written", code)
    return OutputProblem(
      reason, "standard output\(target.map { " (\($0.printable))" } ?? ""): \(problem.message)")
  }

  /// The file or device that standard output is connected to; nil where it has no name.
  private static var target: String? {
    FileSystem.destination(of: "/proc/self/fd/\(STDOUT_FILENO)").flatMap {
      PathText.isAbsolute($0) ? $0 : nil
    }
  }
}
