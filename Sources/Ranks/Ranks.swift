import Foundation
import Support
import TensorKit

#if MPI
  import CMPI
#endif

#if canImport(Glibc)
  import Glibc
#endif

/// The processes that train together, seen from one of them; the only place that knows how they were started.
package final class Ranks {
  /// How they reach each other.
  package let collective: any Collective
  /// What this process is called in sentences: "rank 2 on node7".
  package let name: String

  /// What tells how long a rank waits for another.
  package static let patienceVariable = "ARBEX_RANK_PATIENCE"
  /// Seconds that a rank waits for another where nothing else is asked for.
  package static let patience = 600.0

  /// Joins the others, where a launcher started several processes.
  /// - Returns: nil where this process is by itself.
  /// - Throws: ``RankProblem`` where the processes cannot reach each other, `CollectiveFault` where MPI fails.
  package static func joined(
    _ launch: Launch = .current, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> Ranks? {
    if let problem = problem(with: launch, isBuiltIn: isBuiltIn) { throw problem }
    #if MPI
      guard launch.launcher == .mpi else { return nil }
      let collective = try MPICollective(patience: try patience(from: environment))
      return Ranks(collective, name: collective.names[collective.rank])
    #else
      return nil
    #endif
  }

  /// Why processes that were started like this cannot train together; nil where they can.
  static func problem(with launch: Launch, isBuiltIn: Bool) -> RankProblem? {
    guard launch.size > 1 else { return nil }
    let each = "each of them would do all of it alone"
    switch launch.launcher {
    case .none: return nil
    case .slurmWithoutPMIx:
      return RankProblem(
        "srun started \(launch.size) tasks that cannot reach each other (there is no PMIx), and \(each); start them with "
          + "srun --mpi=pmix, or one task alone")
    case .mpi:
      guard !isBuiltIn else { return nil }
      return RankProblem(
        "\(launch.size) processes were started together, and this program was built without MPI, so \(each); build it with "
          + "`make build MPI=1`, or start one process")
    }
  }

  /// The seconds that an environment asks for.
  static func patience(from environment: [String: String]) throws(RankProblem) -> Double {
    guard let word = environment[patienceVariable], !word.isEmpty else { return patience }
    guard let seconds = Double(word), seconds >= 1 else {
      throw RankProblem(
        "\(patienceVariable): must be seconds, at least 1, is \"\(word.printable)\"; unset it for \(Int(patience))"
      )
    }
    return seconds
  }

  /// Whether this program was built with MPI.
  package static var isBuiltIn: Bool {
    #if MPI
      true
    #else
      false
    #endif
  }

  /// For people who ask which MPI there is.
  package static var library: String {
    #if MPI
      var (text, length) = ([CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING) + 1), Int32(0))
      MPI_Get_library_version(&text, &length)
      let words = String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
      return words.split(separator: ",").first.map(String.init) ?? "unknown"
    #else
      return "not in this build (make build MPI=1)"
    #endif
  }

  private init(_ collective: any Collective, name: String) {
    (self.collective, self.name) = (collective, name)
  }

  /// Ends the work in order, all ranks with their own exit codes. The launcher ends those that are not yet gone when the
  /// first of them tells another code than 0; what is to be written must be written before.
  package func finish() {
    signal(SIGTERM, SIG_IGN)
    #if MPI
      (collective as? MPICollective)?.finish()
    #endif
  }

  /// Ends all ranks at once, wherever they are.
  /// - Parameter tell: tells why. What all ranks met is told once: others leave the first word to rank 0 for three seconds,
  ///   within which the launcher ends them where it has spoken.
  package func abort(_ code: Int32, _ tell: () -> Void) -> Never {
    let patience = Clock.seconds + 3
    // A signal ends a sleep, not the waiting.
    while collective.rank > 0, Clock.seconds < patience { usleep(100_000) }
    tell()
    #if MPI
      MPICollective.abort(code)
    #else
      exit(code)
    #endif
  }
}

/// Why processes cannot work together: the request was wrong.
package struct RankProblem: AttributedError, Equatable, CustomStringConvertible {
  /// What, why, and what to do.
  package let description: String
  /// Always.
  package var isRequest: Bool { true }

  init(_ description: String) { self.description = description }
}
