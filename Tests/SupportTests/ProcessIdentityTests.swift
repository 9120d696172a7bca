import Foundation
import Testing

@testable import Support

/// Who a process is, and whether it has ended for certain.
@Suite("Processes by name")
struct ProcessIdentityTests {
  private func identity(
    process: Int32, host: String = "ada", machine: String = ProcessIdentity.current.machine,
    start: UInt64? = nil
  ) -> ProcessIdentity {
    ProcessIdentity(host: host, process: process, machine: machine, start: start)
  }

  /// A process that ends at once; its entry stays until it is waited for.
  private func child() throws -> pid_t {
    var process: pid_t = 0
    let words = [strdup("true"), nil]
    defer { free(words[0]) }
    try #require(posix_spawnp(&process, "true", nil, nil, words, environ) == 0)
    return process
  }

  @Test("this one lives, and says so to others in words and as JSON")
  func current() throws {
    let current = ProcessIdentity.current
    #expect(
      !current.isGone && current.process == getpid() && current.start != nil && !current.machine.isEmpty)
    #expect(current.description == "process \(getpid()) on \(ProcessInfo.processInfo.hostName)")
    let read = JSONValue.decoded(ProcessIdentity.self, from: try JSONValue.text(encoding: current))
    #expect(read == current)
  }

  @Test("it has ended where only its entry is left, where that is gone, and where its number is another's")
  func gone() throws {
    let process = try child()
    while ProcessIdentity.Status(of: process)?.hasEnded == false { usleep(1000) }
    #expect(identity(process: process).isGone)
    var status: Int32 = 0
    #expect(waitpid(process, &status, 0) == process)
    #expect(identity(process: process).isGone)
    let start = try #require(ProcessIdentity.current.start)
    #expect(identity(process: getpid(), start: start + 1).isGone)
    #expect(!identity(process: getpid(), start: start).isGone)
    #expect(!identity(process: getpid()).isGone)
  }

  @Test(
    "of another machine, of one that was started again and of what cannot be a process nothing is certain")
  func elsewhere() throws {
    let process = try child()
    var status: Int32 = 0
    #expect(waitpid(process, &status, 0) == process)
    #expect(!identity(process: process, machine: "another").isGone)
    #expect(!identity(process: process, machine: "").isGone)
    #expect(!identity(process: 0).isGone && !identity(process: -1).isGone)
  }

  /// Fields 3 and 22 of proc(5); the name is the second and may hold parentheses and spaces.
  @Test("what Linux tells of a process")
  func status() throws {
    let fields = ["S"] + (4...21).map { "\($0)" } + ["4711", "23"]
    let status = try #require(ProcessIdentity.Status(text: "12 (a) Z (b) " + fields.joined(separator: " ")))
    #expect(status.start == 4711 && !status.hasEnded)
    let dead = ["Z"] + fields.dropFirst()
    #expect(ProcessIdentity.Status(text: "12 (a) " + dead.joined(separator: " "))?.hasEnded == true)
    #expect(ProcessIdentity.Status(text: "") == nil && ProcessIdentity.Status(text: "12 (a) S 1") == nil)
  }
}
