import Support
import Testing

/// What Linux says of the limits of a process, in the texts that its files have.
@Suite("Limits of the machine")
struct MachineTests {
  private func group(_ files: [String: String]) -> ControlGroup { ControlGroup { files[$0] ?? "" } }
  private static let newer = [
    "/proc/self/cgroup": "0::/batch/job\n",
    "/proc/self/mountinfo":
      "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
  ]
  private static let older = [
    "/proc/self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n",
    "/proc/self/mountinfo": """
    31 24 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
    32 24 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
    """,
  ]

  @Test("version 2: the smallest quota of the group and of those above it")
  func quota() {
    let quotas = [
      "/sys/fs/cgroup/batch/job/cpu.max": "max 100000\n", "/sys/fs/cgroup/batch/cpu.max": "150000 100000\n",
      "/sys/fs/cgroup/cpu.max": "max 100000\n",
    ]
    #expect(group(Self.newer.merging(quotas) { $1 }).processors == 1.5)
    #expect(group(Self.newer).processors == nil)
    #expect(group([:]).processors == nil)
  }

  @Test("version 1, seen from inside a container, whose own group is the root of what is mounted")
  func older() {
    let files = [
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000000\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "500000000\n",
    ]
    let found = group(Self.older.merging(files) { $1 })
    #expect(found.processors == 0.5)
    #expect(found.memory?.limit == 2_000_000_000 && found.memory?.used == 500_000_000)
    let none = [
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1",
    ]
    #expect(group(Self.older.merging(none) { $1 }).processors == nil)
    #expect(group(Self.older.merging(none) { $1 }).memory == nil)
  }

  @Test("version 2: a limit of memory, and none")
  func memory() {
    let limits = [
      "/sys/fs/cgroup/batch/job/memory.max": "max\n", "/sys/fs/cgroup/batch/job/memory.current": "10\n",
      "/sys/fs/cgroup/batch/memory.max": "1000\n", "/sys/fs/cgroup/batch/memory.current": "700\n",
    ]
    let found = group(Self.newer.merging(limits) { $1 }).memory
    #expect(found?.limit == 1000 && found?.used == 700)
  }

  /// 1000 kB are 1,024,000 bytes; the machine has 4,096,000 with its swap, of which 2,048,000 are free.
  @Test("the smallest limit counts, and what is left below it")
  func limits() {
    let meminfo = "MemTotal:  3000 kB\nMemAvailable: 2000 kB\nSwapTotal: 1000 kB\n"
    let status = "Name:\tarbex\nVmSize:\t 500 kB\n"
    func found(_ group: (limit: Int, used: Int)?, _ space: Int?) -> MemoryLimits {
      MemoryLimits(meminfo: meminfo, status: status, group: group, addressSpace: space)
    }
    let machine = found(nil, nil)
    #expect(machine.total == 4_096_000 && machine.available == 2_048_000 && machine.source == .machine)
    let group = found((1_000_000, 900_000), nil)
    #expect(group.total == 1_000_000 && group.available == 100_000 && group.source == .group)
    let process = found((1_000_000, 100_000), 600_000)
    #expect(process.total == 600_000 && process.available == 88_000 && process.source == .process)
    #expect(found((9_000_000, 1), 8_000_000) == machine)
  }

  @Test("this process has some memory, and not more than all")
  func current() {
    let limits = MemoryLimits.current
    #expect(limits.available > 0 && limits.available <= limits.total)
  }
}
