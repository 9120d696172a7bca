import Support
import Testing

@testable import Ranks

@Suite("How a process was started")
struct LaunchTests {
  private let mpirun = [
    "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
    "OMPI_MCA_orte_bound_at_launch": "1", "PMIX_RANK": "3",
  ]
  private let srun = [
    "SLURM_STEP_NUM_TASKS": "7", "SLURM_NTASKS": "7", "SLURM_PROCID": "6", "SLURM_NODEID": "3",
    "SLURM_STEP_TASKS_PER_NODE": "2(x3),1",
  ]

  @Test("by mpirun, by srun with PMIx, by nothing")
  func launchers() {
    let one = Launch(environment: mpirun)
    #expect(one.launcher == .mpi && one.rank == 3 && one.size == 4 && one.localSize == 2 && one.isBound)
    let two = Launch(environment: srun.merging(["PMIX_RANK": "6"]) { $1 })
    #expect(two.launcher == .mpi && two.rank == 6 && two.size == 7 && two.localSize == 1 && !two.isBound)
    let third = srun.merging(["PMIX_RANK": "4", "SLURM_NODEID": "2", "SLURM_CPU_BIND_TYPE": "mask_cpu:"]) {
      $1
    }
    #expect(Launch(environment: third).localSize == 2 && Launch(environment: third).isBound)
    let alone = Launch(environment: [:])
    #expect(alone.launcher == .none && alone.size == 1 && alone.localSize == 1)
    // In a batch script, which is one process of a job of seven.
    #expect(Launch(environment: ["SLURM_NTASKS": "7", "SLURM_PROCID": "0"]).launcher == .none)
    // mpirun within such a job, whose variables are there, too.
    #expect(Launch(environment: srun.merging(mpirun) { $1 }) == one)
    #expect(Launch(environment: ["SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"]).launcher == .none)
  }

  @Test("processes that cannot reach each other are refused by name")
  func refused() {
    let unreachable = Launch(environment: srun)
    #expect(unreachable.launcher == .slurmWithoutPMIx)
    for isBuiltIn in [true, false] {
      let problem = Ranks.problem(with: unreachable, isBuiltIn: isBuiltIn)
      #expect(problem?.description.contains("srun started 7 tasks") == true)
      #expect(problem?.description.contains("srun --mpi=pmix") == true && problem?.isRequest == true)
    }
    #expect(Ranks.problem(with: Launch(environment: mpirun), isBuiltIn: true) == nil)
    #expect(
      Ranks.problem(with: Launch(environment: mpirun), isBuiltIn: false)?.description.contains(
        "make build MPI=1") == true)
    var single = mpirun
    single["OMPI_COMM_WORLD_SIZE"] = "1"
    #expect(Ranks.problem(with: Launch(environment: single), isBuiltIn: false) == nil)
    #expect(Ranks.problem(with: Launch(environment: [:]), isBuiltIn: false) == nil)
  }

  @Test("how long a rank waits for another")
  func patience() throws {
    #expect(try Ranks.patience(from: [:]) == 600)
    #expect(try Ranks.patience(from: ["ARBEX_RANK_PATIENCE": "2.5"]) == 2.5)
    for word in ["soon", "0", "-1", "nan"] {
      #expect(throws: RankProblem.self) { try Ranks.patience(from: ["ARBEX_RANK_PATIENCE": word]) }
    }
  }
}
