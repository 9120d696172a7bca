import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// How much memory this process may have.
package struct MemoryLimits: Equatable, Sendable {
  /// Who sets a limit.
  package enum Source: String, Sendable {
    case machine = "this machine"
    case group = "this process's control group (a container's limit)"
    case process = "this process's limit (ulimit -v)"
  }

  /// All that it could ever have, in bytes, swap included.
  package var total: Int
  /// What sets ``total``.
  package var source: Source
  /// What it can have beyond what it has now, in bytes.
  package var available: Int

  /// Of this process, now.
  package static var current: MemoryLimits {
    var space = rlimit()
    let isLimited =
      getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &space) == 0 && space.rlim_cur < 1 << 60
    let meminfo = SystemFile.text("/proc/meminfo")
    return MemoryLimits(
      meminfo: meminfo.isEmpty ? counted : meminfo, status: SystemFile.text("/proc/self/status"),
      group: ControlGroup.current.memory, addressSpace: isLimited ? Int(space.rlim_cur) : nil)
  }

  /// What a root without /proc can tell, as `/proc/meminfo` would have it; memory that caches hold counts as taken.
  private static var counted: String {
    let kilobytes = { (pages: Int) in max(0, sysconf(Int32(pages))) * (sysconf(Int32(_SC_PAGESIZE)) >> 10) }
    let (total, free) = (kilobytes(Int(_SC_PHYS_PAGES)), kilobytes(Int(_SC_AVPHYS_PAGES)))
    return total > 0 ? "MemTotal: \(total) kB\nMemAvailable: \(free) kB\n" : ""
  }

  /// - Parameter meminfo: the text of `/proc/meminfo`.
  /// - Parameter status: the text of `/proc/self/status`.
  /// - Parameter group: limit and use of the process's control group.
  /// - Parameter addressSpace: the limit of `ulimit -v`, in bytes.
  package init(meminfo: String, status: String, group: (limit: Int, used: Int)?, addressSpace: Int?) {
    func bytes(_ name: String, _ text: String) -> Int? {
      SystemFile.field(name, in: text).flatMap { Int($0.split(separator: " ").first ?? "") }.map { $0 << 10 }
    }
    let machine = bytes("MemTotal", meminfo).map { $0 + (bytes("SwapTotal", meminfo) ?? 0) }
    (total, source) = (machine ?? .max, .machine)
    available = bytes("MemAvailable", meminfo) ?? total
    if let group, group.limit < total {
      (total, source) = (group.limit, .group)
      available = min(available, max(0, group.limit - group.used))
    }
    if let addressSpace, addressSpace < total {
      (total, source) = (addressSpace, .process)
      available = min(available, max(0, addressSpace - (bytes("VmSize", status) ?? 0)))
    }
  }
}
