import TensorKit

/// How many tokens a pooling keeps, and which.
///
///     K = max(1, ⌊r · T⌋),   those of the K greatest scores, in their old order
///
/// The choice is hard: nothing flows back through a score. Of equal scores the first stays; PyTorch's `topk`, which the
/// authors' code calls, leaves that open.
struct StrongestTokens {
  /// K rising places in 0 ..< T for each of the N samples.
  let places: [[Int]]
  private let scores: Tensor

  /// - Parameter scores: `[N, T]`.
  /// - Returns: nil where all stay.
  init?(by scores: Tensor, rate: Double) {
    let total = scores.shape[1]
    let kept = Self.count(of: total, rate: rate)
    guard kept < total else { return nil }
    (places, self.scores) = (scores.topPlaces(kept).map { $0.sorted() }, scores)
  }

  /// `[N, leading + T, D]` → `[N, leading + K, D]`: the first `leading` tokens stay too.
  func kept(of tokens: Tensor, behind leading: Int = 0) -> Tensor {
    tokens.gathered(strongest: places, by: scores, behind: leading)
  }

  /// How many of `total` stay at a rate of 0...1. In double precision, as Python's `int(total * rate)`.
  static func count(of total: Int, rate: Double) -> Int { max(1, Int(Double(total) * rate)) }
}
