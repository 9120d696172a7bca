import FERCore
import NeuralKit
import TensorKit

/// Keeps the mean importance of a batch's most trusted faces above that of the others.
///
///     L = max(0, δ − (H − L)),   H = mean of the M largest α,   L = mean of the other N − M,   M = ⌊β·N⌋
///
/// Each of the M is drawn up by 1/M, each of the others down by 1/(N − M), until the two means are δ apart. Where one of
/// the groups is empty, as in a batch of one, there is nothing to compare and the loss is 0.
///
/// Source: Wang et al. 2020, SCN, arXiv:2002.10392, section "Rank regularization". The product β·N is taken in double
/// precision and cut off, as in the authors' code: 0.7 · 90 gives 62.
///
/// ## Shapes
/// α `[N, 1]` -> `[1]`
final class RankRegularization: Loss {
  struct Options: ComponentOptions {
    @Option("Share of a batch that is to be trusted more, β.", 0..<1) var share = 0.7
    @Option(
      "How much more on average, δ₁ in the paper. It is a matter of the batch's size: 0.15 goes with 1024 faces, 0.07 with 64.",
      0...1) var margin: Float = 0.15
  }

  static let scope = LossScope.batch
  private let options: Options

  init(_ options: Options, in context: inout BuildContext) { self.options = options }

  static func requires(_ options: Options) -> [EvidenceKey] { [.importance] }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    guard let importance = outcome.evidence[.importance] else { return .zeros([1]) }
    let count = importance.count, trusted = Self.trustedCount(of: count, share: options.share)
    guard trusted > 0 else { return importance.sum() * 0 }
    let ranked = importance.reshaped([count]).sorted(descending: true)
    let high = ranked.sliced(along: 0, from: 0, count: trusted).mean()
    let low = ranked.sliced(along: 0, from: trusted, count: count - trusted).mean()
    return (options.margin - (high - low)).relu()
  }

  /// How many of a batch are to be trusted more, M.
  static func trustedCount(of count: Int, share: Double) -> Int { Int(Double(count) * share) }
}
