import Support
import TensorKit

/// How long a training step takes on many processes, as arithmetic over a few constants.
///
///     r = ⌈B / R⌉                                       rows of a rank, of a batch of B images on R ranks
///     C = a + b r                                       compute: what does not shrink with the rows, and what does
///     D = max(0, r l − (K − t) C) / K                   loading, as far as cores that do not compute cannot do it beside
///     T = C + D + Σ S(n) + Σ A(n)                       and what the ranks tell each other
///     S(n) = λ + (R − 1) (o + 4 n (c + w))              a sum of at most ``SumSizes/few`` numbers: everybody to everybody
///     S(n) = (k + 1) λ + 2 k (R − 1) o + 8 n (c + w) (R − 1) / R       of more, in k = ⌈n / ``SumSizes/bucket``⌉ buckets
///     A(n) = 2 λ + (R − 1) (2 o + (8 + 4 n) (c + w))    n numbers of each rank to all: first how many, then they themselves
///
/// K is a rank's cores, t its computing threads; o and c are what a message and a byte cost the software, λ and w what the
/// wire adds. Of a large sum's two exchanges (all-to-all, all-gather) the second runs beside the next bucket's first. Not in
/// it: ranks that wait for the slowest of them, links that several ranks share, messages that get in each other's way.
///
/// Source: the terms are those of R. Thakur, R. Rabenseifner, W. Gropp, "Optimization of collective communication operations
/// in MPICH" (2005), with a message's and a byte's cost split into software and wire.
package struct ScalingModel: Sendable, Equatable {
  /// Seconds of a rank's step that do not depend on its rows, a.
  var fixed: Double
  /// Seconds for each of its rows, b.
  var perRow: Double
  /// The part of ``perRow`` and ``fixed`` that is the backward pass, 0...1.
  var backwardShare: Double
  /// Seconds of one thread that loads an image, l; 0 where that is not known.
  var loading: Double
  /// A rank's cores, K, and those that compute, t.
  var cores, threads: Int
  /// What messages cost where no wire is, o and c.
  var software: MessageCost
  /// What the ranks tell each other in a step.
  var calls: Calls

  /// What a message takes.
  struct MessageCost: Sendable, Equatable {
    /// Seconds of one that holds nothing.
    var message: Double
    /// Seconds for each of its bytes.
    var byte: Double

    /// Ranks of one machine.
    static let noWire = MessageCost(message: 0, byte: 0)

    /// Of ranks on one machine where nobody measured: 200 MB in 0.1 s on two of them.
    static let assumed = MessageCost(message: 2e-6, byte: 0.5e-9)

    /// A network whose links carry so much in each direction at once.
    static func network(gigabits: Double, latency: Double) -> MessageCost {
      MessageCost(message: latency, byte: 8e-9 / gigabits)
    }
  }

  /// The calls of a step, by how many numbers each rank brings.
  struct Calls: Sendable, Equatable {
    /// Of ``TensorKit/Collective/sum(_:)``: batch norms, losses, gradients.
    var sums: [Int] = []
    /// Of ``TensorKit/Collective/gathered(_:)``, where a rank has ``rows`` rows.
    var gathers: [Int] = []
    /// Rows of a rank when the calls were noted.
    var rows = 1

    /// The sums that move bytes, not only wait for each other: the gradients'.
    var large: [Int] { sums.filter { $0 > SumSizes.few } }
  }

  /// What a step might do otherwise than it does.
  enum Change: String, CaseIterable, Sendable {
    case none = "as it is"
    case halves = "gradients in bf16"
    case overlap = "gradients summed beside the backward pass"
    /// Then they cost each of the pieces only a part.
    case accumulation = "4 batches for one sum of gradients"
  }

  /// Seconds of a step.
  package struct StepTime: Sendable, Equatable {
    var compute, loading: Double
    /// Large sums, and all other calls.
    var gradients, others: Double

    var communication: Double { gradients + others }
    var total: Double { compute + loading + communication }
  }

  /// The straight line through a rank's step with few rows and with many; where it would start below 0, one through 0.
  static func line(_ low: (rows: Int, seconds: Double), _ high: (rows: Int, seconds: Double)) -> (
    fixed: Double, perRow: Double
  ) {
    let slope = (high.seconds - low.seconds) / Double(high.rows - low.rows)
    let start = low.seconds - slope * Double(low.rows)
    if start >= 0, slope >= 0 { return (start, slope) }
    if slope < 0 { return ((low.seconds + high.seconds) / 2, 0) }
    return (0, (low.seconds / Double(low.rows) + high.seconds / Double(high.rows)) / 2)
  }

  /// A step with `batch` images on `ranks` processes.
  func step(
    of batch: Int, on ranks: Int, over wire: MessageCost = .noWire, _ change: Change = .none
  ) -> StepTime {
    let rows = Double((batch + ranks - 1) / ranks)
    let compute = fixed + perRow * rows
    let spare = Double(max(0, cores - threads)) * compute
    let large = calls.large.reduce(0) {
      $0 + seconds(ofSum: $1, ranks, wire, bytes: change == .halves ? 2 : 4)
    }
    let gradients =
      switch change {
      case .none, .halves: large
      case .overlap: max(0, large - backwardShare * compute)
      case .accumulation: large / 4
      }
    let few = calls.sums.filter { $0 <= SumSizes.few }.reduce(0) { $0 + seconds(ofSum: $1, ranks, wire) }
    let gathers = calls.gathers.reduce(0) {
      $0 + seconds(ofGathering: Double($1) * rows / Double(calls.rows), ranks, wire)
    }
    return StepTime(
      compute: compute, loading: max(0, rows * loading - spare) / Double(cores), gradients: gradients,
      others: few + gathers)
  }

  func seconds(ofSum count: Int, _ ranks: Int, _ wire: MessageCost, bytes: Double = 4) -> Double {
    guard ranks > 1 else { return 0 }
    let peers = Double(ranks - 1), byte = software.byte + wire.byte
    guard count > SumSizes.few else {
      return wire.message + peers * (software.message + bytes * Double(count) * byte)
    }
    let buckets = Double((count + SumSizes.bucket - 1) / SumSizes.bucket)
    return (buckets + 1) * wire.message + 2 * buckets * peers * software.message
      + 2 * bytes * Double(count) * byte * peers / Double(ranks)
  }

  func seconds(ofGathering count: Double, _ ranks: Int, _ wire: MessageCost) -> Double {
    guard ranks > 1 else { return 0 }
    return 2 * wire.message
      + Double(ranks - 1) * (2 * software.message + (8 + 4 * count) * (software.byte + wire.byte))
  }

  /// What a sum of one number and one of `count` numbers, more than ``SumSizes/few``, say of messages without a wire.
  static func software(few: Double, many: Double, count: Int, ranks: Int) -> MessageCost {
    let peers = Double(ranks - 1), message = few / peers
    let buckets = Double((count + SumSizes.bucket - 1) / SumSizes.bucket)
    let rest = many - 2 * buckets * peers * message
    return MessageCost(message: message, byte: max(0, rest) * Double(ranks) / (8 * Double(count) * peers))
  }

  /// What part of the ranks' time does what one rank alone would have to do, too; above 0.
  func efficiency(of batch: Int, on ranks: Int, over wire: MessageCost) -> Double {
    step(of: batch, on: 1).total / (Double(ranks) * step(of: batch, on: ranks, over: wire).total)
  }

  /// How many ranks pay.
  struct Limit: Sendable, Equatable {
    /// The most of which each does at least half of what one alone would do.
    var halfEfficient: Int
    /// Those with the shortest step.
    var fastest: Int
  }

  /// How many ranks, of 1, 2, 4 ... up to one for each image, pay for a batch.
  func limit(of batch: Int, over wire: MessageCost) -> Limit {
    var limit = Limit(halfEfficient: 1, fastest: 1), ranks = 1, best = Double.infinity
    while ranks <= batch {
      let seconds = step(of: batch, on: ranks, over: wire).total
      if seconds < best { (limit.fastest, best) = (ranks, seconds) }
      if efficiency(of: batch, on: ranks, over: wire) >= 0.5 { limit.halfEfficient = ranks }
      ranks *= 2
    }
    return limit
  }
}
