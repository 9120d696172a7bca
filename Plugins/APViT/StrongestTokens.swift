import TensorKit

/// How many tokens a pooling keeps, and which.
///
///     K = max(1, ⌊r · T⌋),   those of the K greatest scores, in their old order
///
/// The choice is hard: nothing flows back through a score. Of equal scores the first stays; PyTorch's `topk`, which the
/// authors' code calls, leaves that open.
enum StrongestTokens {
  /// How many of `total` stay at a rate of 0...1. In double precision, as Python's `int(total * rate)`.
  static func count(of total: Int, rate: Double) -> Int { max(1, Int(Double(total) * rate)) }

  /// - Parameter scores: `[N, T]`.
  /// - Returns: K rising places in 0 ..< T for each of the N samples; nil where all stay.
  static func places(by scores: Tensor, rate: Double) -> [[Int]]? {
    let total = scores.shape[1]
    let kept = count(of: total, rate: rate)
    return kept == total ? nil : scores.topPlaces(kept).map { $0.sorted() }
  }
}
