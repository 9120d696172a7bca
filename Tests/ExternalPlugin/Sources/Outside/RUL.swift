import ARBEx

extension EvidenceKey {
  /// How unsure RUL is of a sample, against others `[N, 1]`, above 0.
  static let uncertainty = EvidenceKey("uncertainty", .sample)
}

/// What a face shows, and how unsure that is.
///
///     e = branch(map)        s = mean over the features of exp(branch′(map))
///     branch: norm, dropout, all places in a row, linear, norm
///
/// Source: Zhang, Wang and Deng 2021, Relative Uncertainty Learning for Facial Expression Recognition (RUL).
///
/// ## Shapes
/// last map `[N, h, w, C]` → embedding `[N, D]`, s `[N, 1]`
final class RelativeUncertainty: Encoder {
  struct Options: ComponentOptions {
    @Option("Size D of the embedding.", 1...) var size = 64
    @Option("Share of the map's values that training leaves out.", 0..<1) var dropout: Float = 0.4
  }

  let embeddingSize: Int
  private let mean, logVariance: Branch

  init(_ options: Options, in context: inout BuildContext) throws {
    guard let level = context.imageLevels.last else { throw BuildIssue("", "needs a map of the image") }
    embeddingSize = options.size
    mean = Branch(level, options, in: context.scope / "mu")
    logVariance = Branch(level, options, in: context.scope / "log_var")
  }

  static func provides(_ options: Options) -> [EvidenceKey] { [.uncertainty] }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let map = image.levels[image.levels.count - 1]
    let uncertainty = logVariance(map, pass).exp().mean(along: 1, keepingDimensions: true)  // [N, 1]
    return Encoding(embedding: mean(map, pass), evidence: [.uncertainty: uncertainty])
  }

  /// `[N, h, w, C]` → `[N, D]`
  private struct Branch {
    let before, after: BatchNorm
    let dropout: Dropout
    let linear: Linear

    init(_ level: PyramidLevel, _ options: Options, in scope: ParameterScope) {
      before = BatchNorm(level.channels, epsilon: 2e-5, affine: false, in: scope / 0)
      dropout = Dropout(options.dropout, in: scope / 1)
      linear = Linear(from: level.height * level.width * level.channels, to: options.size, in: scope / 3)
      after = BatchNorm(options.size, epsilon: 2e-5, in: scope / 4)
    }

    func callAsFunction(_ map: Tensor, _ pass: ForwardPass) -> Tensor {
      let kept = dropout(before(map, pass), pass)
      // Channel by channel, as published weights lie.
      let row = kept.permuted([0, 3, 1, 2]).reshaped([map.shape[0], -1])
      return after(linear(row, pass), pass)
    }
  }
}

/// Mixes each image with another one of the batch, the more uncertain of the two more strongly, and asks for both classes.
///
///     w = s / (s + s[π])        z = w · logits + (1 − w) · logits[π]        π: a permutation of the batch
///     L = ½ mean CE(z, y) + ½ mean CE(z, y[π])
///
/// Behind a linear head a mix of logits is that of the embeddings. Source: as ``RelativeUncertainty``.
///
/// ## Shapes
/// logits `[N, C]`, s `[N, 1]` → `[1]`
final class AddUp: Loss {
  typealias Options = NoOptions

  static let scope = LossScope.batch
  private let name: String

  init(_ options: NoOptions, in context: inout BuildContext) { name = context.scope.path }

  static func requires(_ options: NoOptions) -> [EvidenceKey] { [.uncertainty] }

  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
    guard let uncertainty = outcome.evidence[.uncertainty] else { return .zeros([1]) }
    let own = uncertainty + 1e-12  // also where both are 0
    let (count, classCount) = (outcome.logits.shape[0], outcome.logits.shape[1])
    var random = pass.random(for: name)
    let partners = random.shuffled(Array(0..<count))
    let share = own / (own + own.gathered(rows: partners))  // [N, 1]
    let mixed = outcome.logits * share + outcome.logits.gathered(rows: partners) * (1 - share)  // [N, C]
    let truth = targets.distribution(classCount: classCount, smoothing: 0)
    let both = truth + truth.gathered(rows: partners)
    return (both * mixed.logSoftmax()).sum() * (-0.5 / Float(count))
  }
}
