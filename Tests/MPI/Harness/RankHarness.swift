import Foundation
import Ranks
import Support
import TensorKit

#if canImport(Glibc)
  import Glibc
#endif

/// What ranks do together, tried with as many as `mpirun` starts: `mpirun -np N RankHarness MODE`. Ends with 1 and a
/// sentence on each rank that found something else than it should.
///
///     check       every operation, with ranks that are late at random, against numbers worked out by one
///     hang        rank 1 falls silent; ARBEX_RANK_PATIENCE=S must end all with its name
///     fail        rank 1 has an error of its own
///     speed MB    seconds of a sum of so many megabytes, the best of nine
@main
enum RankHarness {
  static func main() throws {
    let words = CommandLine.arguments.dropFirst()
    guard let ranks = try Ranks.joined() else { return print("RankHarness: start it by mpirun") }
    do {
      switch words.first {
      case "check":
        try Trials(ranks.collective).all()
        if ranks.collective.rank == 0 { print("all is right on \(ranks.collective.size) ranks") }
      case "hang":
        if ranks.collective.rank == 1 { sleep(600) }
        try ranks.collective.sum(.init(start: nil, count: 0))
        _ = try ranks.collective.gathered([1])
      case "fail":
        if ranks.collective.rank == 1 { throw Wrong(description: "an error of its own") }
        _ = try ranks.collective.gathered([1])
      case "speed": try speed(ranks.collective, megabytes: words.dropFirst().first.flatMap { Int($0) } ?? 200)
      default: throw Wrong(description: "RankHarness check | hang | fail | speed MB")
      }
      ranks.finish()
    } catch {
      ranks.abort(1) { StandardStream.remark("\(ranks.name): \(error)\n") }
    }
  }

  private static func speed(_ ranks: any Collective, megabytes: Int) throws {
    var (numbers, best) = ([Float](repeating: 1, count: megabytes * 250_000), Double.infinity)
    for _ in 0..<9 {
      try ranks.barrier()
      let start = Clock.seconds
      try numbers.withUnsafeMutableBufferPointer { try ranks.sum($0) }
      best = min(best, Clock.seconds - start)
    }
    if ranks.rank == 0 { print("\(ranks.size) ranks, \(megabytes) MB: \(best.rounded(places: 4)) s") }
  }
}

/// What a rank found that should be otherwise.
struct Wrong: Error, CustomStringConvertible { let description: String }
