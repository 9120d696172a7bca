import TensorKit

/// Test-time augmentation by flipping: a model says of an image the mean of what it says of it and of its mirror image.
///
///     p̄ = (p(x) + p(x')) / 2,   t̄ᵢ = (tᵢ(x) + tᵢ(x')) / 2,   f = balance(p̄, t̄)
///
/// The balance of equations 18-19 weighs the means, so that `final` follows from what stands beside it. Embedding and
/// evidence are those of the image itself.
enum TestTimeFlip {
  /// - Parameter images: `[N, H, W, C]`
  /// - Returns: each mirrored left to right.
  static func mirrored(_ images: Tensor) -> Tensor {
    let (rows, width, channels) = (images.shape[0] * images.shape[1], images.shape[2], images.shape[3])
    let backwards = Array((0..<width).reversed())
    return images.reshaped([rows, width, channels])
      .gathered(places: Array(repeating: backwards, count: rows)).reshaped(images.shape)
  }

  /// - Parameter plain: the outcome of images.
  /// - Parameter mirrored: that of their mirror images.
  static func averaged(_ plain: Outcome, with mirrored: Outcome) -> Outcome {
    let primary = mean(plain.primary, mirrored.primary)
    let terms = zip(plain.terms, mirrored.terms).map {
      Outcome.Term(name: $0.name, distribution: mean($0.distribution, $1.distribution))
    }
    // Scores whose softmax is the mean: a loss that takes logits sees the distribution that is told.
    return Outcome(
      embedding: plain.embedding, logits: primary.clamped(min: 1e-12).log(), primary: primary, terms: terms,
      final: Tensor.balanced(primary, with: terms.map(\.distribution)), evidence: plain.evidence)
  }

  private static func mean(_ one: Tensor, _ other: Tensor) -> Tensor { (one + other) * 0.5 }
}
