import Foundation
import Support

/// How many threads compute: as many as there are cores whose time this process may have, or fewer where the environment
/// variable `ARBEX_THREADS` says so. More would only wait for one another, many times as long as the work takes. Processes
/// that a launcher started together on one machine share its cores.
package struct ThreadChoice: Equatable, Sendable {
  /// The most threads that anything may ask for.
  package static let most = 256
  /// What asks for a number of threads.
  package static let variable = "ARBEX_THREADS"

  /// The cores that the system lets this process run on (its affinity).
  package let cores: Int
  /// How many cores' time the process's control group may take (a container's quota); nil for any.
  package let quota: Double?
  /// What the environment asks for; nil for nothing.
  package let asked: String?

  /// How many processes share the quota and the cores.
  private let sharers: Int
  /// Those that the processes share: their own where the launcher did not divide the machine's. Where it did, several may
  /// still have been given the same, as all that `mpirun` puts on one processor.
  private let shared: Int

  /// A choice where these hold.
  /// - Parameter machine: the cores of the machine; nil where it has no others.
  package init(
    cores: Int, of machine: Int? = nil, quota: Double?, asked: String?,
    launch: Launch = Launch(environment: [:])
  ) {
    (self.cores, self.quota, self.asked) = (cores, quota, asked)
    (sharers, shared) = (launch.localSize, launch.isBound ? max(cores, machine ?? 0) : cores)
  }

  /// The cores of the machine, whoever may use them.
  package static var machineCores: Int { ProcessInfo.processInfo.processorCount }

  /// Of this process, as it was when it was first asked.
  package static let current = ThreadChoice(
    cores: ProcessInfo.processInfo.activeProcessorCount, of: machineCores,
    quota: ControlGroup.current.processors,
    asked: ProcessInfo.processInfo.environment[variable], launch: .current)

  /// The cores whose time the process may have, at least 1; of a part of a core's time, the whole core.
  package var usable: Int {
    let allowed = quota.map { Int(min(($0 / Double(sharers)).rounded(.up), Double(Self.most))) } ?? cores
    return max(1, min(cores, shared / sharers, allowed, Self.most))
  }

  /// The threads that compute.
  package var threads: Int {
    guard let asked, let count = Int(asked), count >= 1 else { return usable }
    return min(count, usable)
  }

  /// What is wrong with what the environment asks for; nil where it is good or asks for nothing.
  package var problem: String? {
    guard let asked else { return nil }
    if let count = Int(asked), (1...Self.most).contains(count) { return nil }
    return
      "\(Self.variable): must be a whole number of at least 1 and at most \(Self.most), is \"\(asked.printable)\"; "
      + "unset it to use every core"
  }

  /// What to tell a person who asks for more threads than cores; nil where nobody does.
  package var remark: String? {
    guard let asked, let count = Int(asked), count > usable else { return nil }
    return
      "\(Self.variable)=\(count): this process may use \(usable) \(usable == 1 ? "core" : "cores")\(reason), "
      + "so \(usable == 1 ? "1 thread computes" : "\(usable) threads compute"); results do not depend on it"
  }

  /// Why fewer cores are used than the system lets it run on.
  private var reason: String {
    guard usable < cores else { return "" }
    let others = sharers > 1 ? "\(shared) are shared by \(sharers) processes" : ""
    let limit = quota.map { "a quota of \($0.rounded(places: 2)) of \(cores)" } ?? ""
    let reasons = [limit, others].filter { !$0.isEmpty }
    return reasons.isEmpty ? "" : " (\(reasons.joined(separator: "; ")))"
  }
}
