import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A process as others know it, also those of other machines that share a folder with it.
package struct ProcessIdentity: Codable, Equatable, Sendable, CustomStringConvertible {
  /// What its machine is called.
  package let host: String
  /// Its number there.
  package let process: Int32
  /// The start of the machine and the space in which processes are numbered: no other machine has it, no machine that was
  /// started again, and no container beside it. "" where the system does not tell.
  let machine: String
  /// When it started, in ticks since the machine did: a number is given out again some day, but not with the same start. Nil
  /// where the system does not tell.
  let start: UInt64?

  /// This one.
  package static let current = ProcessIdentity(
    host: ProcessInfo.processInfo.hostName, process: getpid(), machine: currentMachine,
    start: Status(of: getpid())?.start)

  /// "process 12 on ada"
  package var description: String { "process \(process) on \(host)" }

  /// Whether it has ended for certain. Only of a process of the same machine that can be known.
  package var isGone: Bool {
    guard !machine.isEmpty, machine == Self.current.machine, process > 0 else { return false }
    if kill(process, 0) != 0, errno == ESRCH { return true }
    // Without a word of it, as where /proc hides other people's processes, it counts as alive.
    guard let status = Status(of: process) else { return false }
    return status.hasEnded || (start != nil && status.start != start)
  }

  private static var currentMachine: String {
    let boot = SystemFile.text("/proc/sys/kernel/random/boot_id").trimmingCharacters(
      in: .whitespacesAndNewlines)
    guard !boot.isEmpty, let space = FileSystem.destination(of: "/proc/self/ns/pid") else { return "" }
    return "\(boot) \(space)"
  }

  /// What Linux tells of a process in `/proc/N/stat`.
  struct Status {
    /// Whether only its entry is left, for the one who started it.
    let hasEnded: Bool
    /// In ticks since the machine's start.
    let start: UInt64?

    /// Nil where there is no such process, or it is hidden.
    init?(of process: Int32) { self.init(text: SystemFile.text("/proc/\(process)/stat")) }

    /// The third field and the 22nd; the second is a name in parentheses that may hold anything.
    init?(text: String) {
      guard let name = text.lastIndex(of: ")") else { return nil }
      let fields = text[text.index(after: name)...].split(separator: " ")
      guard fields.count > 19 else { return nil }
      (hasEnded, start) = (["Z", "X"].contains(fields[0]), UInt64(fields[19]))
    }
  }
}
