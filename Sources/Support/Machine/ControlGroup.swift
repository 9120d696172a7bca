import Foundation

/// The control groups that Linux keeps this process in, as containers and batch systems use them. A limit holds for all
/// groups below the one that has it, so each is looked for from the process's own group up to the root.
package struct ControlGroup {
  private let read: (String) -> String
  /// Where each controller's files of this process may lie, innermost first; "" is version 2, which has one tree for all.
  private let folders: [String: [String]]

  /// - Parameter read: the text of a file; "" where there is none.
  package init(read: @escaping (String) -> String) {
    self.read = read
    var groups: [String: String] = [:]
    for line in read("/proc/self/cgroup").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3 else { continue }
      for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
        groups[String(controller)] = parts[2]
      }
    }
    var folders: [String: [String]] = [:]
    for line in read("/proc/self/mountinfo").split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard let dash = words.firstIndex(of: "-"), words.count > dash + 3, words.count > 4 else { continue }
      let (root, mount, kind) = (words[3], words[4], words[dash + 1])
      let controllers =
        kind == "cgroup2"
        ? [""] : kind == "cgroup" ? words[dash + 3].split(separator: ",").map(String.init) : []
      for controller in controllers where folders[controller] == nil {
        guard let group = groups[controller] else { continue }
        folders[controller] = Self.upwards(group, below: root, at: mount)
      }
    }
    self.folders = folders
  }

  /// That of this process.
  package static var current: ControlGroup { ControlGroup(read: SystemFile.text) }

  /// The folders of a group and of all above it, as far as the mount shows them.
  private static func upwards(_ group: String, below root: String, at mount: String) -> [String] {
    let isBelow = root == "/" || group == root || group.hasPrefix(root + "/")
    let inner = isBelow ? (root == "/" ? group : String(group.dropFirst(root.count))) : ""
    let steps = inner.split(separator: "/")
    return (0...steps.count).reversed().map {
      ([mount] + steps.prefix($0).map(String.init)).joined(separator: "/")
    }
  }

  /// What a file says in each group that has it, innermost first.
  private func texts(_ file: String, of controller: String) -> [String] {
    (folders[controller] ?? []).map { read("\($0)/\(file)").trimmingCharacters(in: .whitespacesAndNewlines) }
      .filter { !$0.isEmpty }
  }

  /// How many processors' time this process may take, by quota; nil where none is set.
  package var processors: Double? {
    let newer = texts("cpu.max", of: "").compactMap { text -> Double? in
      let words = text.split(separator: " ").compactMap { Double($0) }
      return words.count == 2 && words[1] > 0 ? words[0] / words[1] : nil
    }
    let quotas = texts("cpu.cfs_quota_us", of: "cpu"), periods = texts("cpu.cfs_period_us", of: "cpu")
    let older = zip(quotas, periods).compactMap { quota, period -> Double? in
      guard let quota = Double(quota), let period = Double(period), quota > 0, period > 0 else { return nil }
      return quota / period
    }
    return (newer + older).min()
  }

  /// The most memory in bytes, and how much of it is taken; nil where no limit is set.
  package var memory: (limit: Int, used: Int)? {
    let pairs =
      zip(texts("memory.max", of: ""), texts("memory.current", of: ""))
      .map { $0 }
      + zip(texts("memory.limit_in_bytes", of: "memory"), texts("memory.usage_in_bytes", of: "memory")).map {
        $0
      }
    // Version 1 says "no limit" by a number near the largest.
    return pairs.compactMap { limit, used in
      guard let limit = Int(limit), limit < 1 << 60 else { return nil }
      return (limit, Int(used) ?? 0)
    }.min { $0.0 < $1.0 }
  }
}
