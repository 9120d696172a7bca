import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// What a process held at one moment.
struct Holdings: Sendable {
  /// Resident memory in megabytes, open descriptors, threads.
  let memory: Double
  let descriptors, threads: Int

  /// Of a process that runs; nil where it has ended.
  init?(of process: pid_t) {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
      let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd"),
      let memory = Self.number("VmRSS", status), let threads = Self.number("Threads", status)
    else { return nil }
    (self.memory, descriptors, self.threads) = (Double(memory) / 1024, files.count, threads)
  }

  private static func number(_ key: String, _ status: String) -> Int? {
    status.split(separator: "\n").first { $0.hasPrefix(key + ":") }?.split(whereSeparator: \.isWhitespace)
      .dropFirst()
      .first.flatMap { Int($0) }
  }
}

extension Subprocess {
  /// Runs a program and looks at what it holds, ten times a second.
  static func watched(
    _ program: String, _ arguments: [String], scratch: String, patience: Double
  ) throws -> (end: Subprocess, held: [Holdings]) {
    let held = HeldList()
    let end = try run(
      program, arguments, environment: Laboratory.environment, scratch: scratch, patience: patience,
      each: { process, seconds in
        guard seconds > Double(held.count) * 0.1, let now = Holdings(of: process) else { return }
        held.all.append(now)
      })
    return (end, held.all)
  }
}

private final class HeldList {
  var all: [Holdings] = []
  var count: Int { all.count }
}

/// Whether a process held more and more: the largest of the last quarter against the largest of the second.
enum Growth {
  /// - Parameter allowed: megabytes, for what an allocator keeps.
  static func problem(_ held: [Holdings], allowed: Double = 24) -> String? {
    guard held.count >= 12 else { return "ended too soon to be watched, after \(held.count) looks" }
    let quarter = held.count / 4
    let (early, late) = (held[quarter..<(2 * quarter)], held[(3 * quarter)...])
    func most<Number: Comparable>(_ part: ArraySlice<Holdings>, _ key: (Holdings) -> Number) -> Number? {
      part.map(key).max()
    }
    let memory = ((most(late, \.memory) ?? 0) - (most(early, \.memory) ?? 0))
    if memory > allowed { return "memory grew by \(Int(memory)) MB" }
    let descriptors = (most(late, \.descriptors) ?? 0) - (most(early, \.descriptors) ?? 0)
    if descriptors > 4 { return "open files grew by \(descriptors)" }
    let threads = (most(late, \.threads) ?? 0) - (most(early, \.threads) ?? 0)
    return threads > 2 ? "threads grew by \(threads)" : nil
  }
}
