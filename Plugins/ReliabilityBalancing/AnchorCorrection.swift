import FERCore
import NeuralKit
import TensorKit

/// Proposes the classes whose learned anchors lie nearest to the embedding.
///
///     d[c,k] = √(‖e − a[c,k]‖² + ε)                 equation 12
///     s      = softmax(−d / δ) over all (c, k)       equation 13
///     t[c]   = Σₖ s[c,k]                             equation 14
///
/// Source: Wasi et al. 2023, ARBEx, arXiv:2305.01486, equations 12-14. ε = 1e-12 keeps the gradient finite
/// where e lies on an anchor. Anchors start as normal random numbers: where all are equal, as in the authors'
/// code, none can be told from another and none gets a gradient.
///
/// ## Shapes
/// embedding `[N, D]`, anchors `[C, K, D]` -> distribution `[N, C]`
final class AnchorCorrection: CorrectionTerm {
  struct Options: ComponentOptions {
    @Option("Anchors of each class, K.", 1...1_000_000_000) var perClass = 10
    @Option("Softmax temperature δ, in units of the embedding.", above: 0) var delta: Float = 1
    @Option("Standard deviation of the anchors' first values, in units of the embedding.", above: 0)
    var spread: Float = 1
  }

  static func provides(_ options: Options) -> [EvidenceKey] { [.anchors] }
  private let options: Options
  private let classCount: Int
  private let anchors: Parameter

  init(_ options: Options, in context: inout BuildContext) throws {
    self.options = options
    classCount = context.classCount
    let shape = [classCount, options.perClass, try context.embeddingSize()]
    anchors = context.scope.parameter("anchors", shape, .normal(deviation: options.spread))
  }

  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    let anchors = pass[anchors]  // [C, K, D]
    let (count, size) = (prediction.embedding.shape[0], anchors.shape[2])
    let gap = prediction.embedding.expanded(at: 1) - anchors.reshaped([-1, size])  // [N, C·K, D]
    let distance = (gap.squared().sum(along: 2) + 1e-12).squareRoot()  // [N, C·K]
    let similarity = (-distance / options.delta).softmax(along: -1)  // [N, C·K]
    let grouped = similarity.reshaped([count, classCount, options.perClass])  // [N, C, K]
    return Correction(distribution: grouped.sum(along: 2), evidence: [.anchors: anchors])
  }
}

extension EvidenceKey {
  /// The anchors of the anchor correction, `[C, K, D]`, in units of the embedding.
  static let anchors = EvidenceKey("anchors", .shared)
}
