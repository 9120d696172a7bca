import Foundation

/// How this process was started: by itself, or as one of several that are to work together. Follows from the environment
/// alone, so that MPI, whose start takes a third of a second, is only started where it is wanted.
package struct Launch: Equatable, Sendable {
  /// What started the process.
  package enum Launcher: Equatable, Sendable {
    /// A person, a script, or anything that starts one process.
    case none
    /// `mpirun`, or `srun --mpi=pmix`: processes that can reach each other.
    case mpi
    /// `srun` without PMIx: several processes that know nothing of each other.
    case slurmWithoutPMIx
  }

  /// What started it.
  package let launcher: Launcher
  /// This process's number, 0 ..< ``size``.
  package let rank: Int
  /// How many processes were started together, on all machines.
  package let size: Int
  /// How many of them are on this machine.
  package let localSize: Int
  /// Whether the launcher gave each process cores of its own.
  package let isBound: Bool

  /// As an environment tells it.
  package init(environment: [String: String]) {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    if let size = number("OMPI_COMM_WORLD_SIZE") {
      (launcher, self.size, rank) = (.mpi, max(1, size), number("OMPI_COMM_WORLD_RANK") ?? 0)
      localSize = max(1, number("OMPI_COMM_WORLD_LOCAL_SIZE") ?? 1)
      isBound = environment["OMPI_MCA_orte_bound_at_launch"] == "1"
    } else if let size = number("SLURM_STEP_NUM_TASKS"), size > 1 || environment["PMIX_RANK"] != nil {
      // A batch script sees the job's SLURM_NTASKS, and is nevertheless one process: only srun tells of a step.
      launcher = environment["PMIX_RANK"] == nil ? .slurmWithoutPMIx : .mpi
      (self.size, rank) = (max(1, size), number("SLURM_PROCID") ?? 0)
      localSize = Self.tasks(
        onNode: number("SLURM_NODEID") ?? 0, of: environment["SLURM_STEP_TASKS_PER_NODE"] ?? "")
      isBound = environment["SLURM_CPU_BIND_TYPE"].map { !$0.isEmpty && !$0.hasPrefix("none") } ?? false
    } else {
      (launcher, rank, size, localSize, isBound) = (.none, 0, 1, 1, false)
    }
  }

  /// Of this process.
  package static var current: Launch { Launch(environment: ProcessInfo.processInfo.environment) }

  /// Slurm's short form: "2(x3),1" are two tasks on each of three machines and one on the fourth.
  private static func tasks(onNode node: Int, of text: String) -> Int {
    var first = 0
    for part in text.split(separator: ",") {
      let numbers = part.split { !$0.isNumber }.compactMap { Int($0) }
      guard let tasks = numbers.first else { continue }
      first += numbers.count > 1 ? numbers[1] : 1
      if node < first { return max(1, tasks) }
    }
    return 1
  }
}
