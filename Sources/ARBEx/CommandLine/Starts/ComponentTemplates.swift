extension PluginStart.Kind {
  /// What its type's name ends with.
  var typeSuffix: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }

  /// The registry's property.
  var registry: String { self == .loss ? "losses" : rawValue + "s" }

  /// For lists of components.
  var purpose: String {
    switch self {
    case .backbone: "two strided convolutions"
    case .head: "one linear layer"
    case .correction: "one learned direction a class"
    case .loss: "cross-entropy that heeds unsure rows more"
    case .augmentation: "darker by a random factor"
    }
  }

  /// The component's file, TYPE for the words of its name. Each computes something small and known, to be written over.
  var template: String {
    switch self {
    case .backbone: Self.backboneTemplate
    case .head: Self.headTemplate
    case .correction: Self.correctionTemplate
    case .loss: Self.lossTemplate
    case .augmentation: Self.augmentationTemplate
    }
  }

  private static let backboneTemplate = """
    import ARBEx

    /// Two convolutions, each of which halves the map.
    ///
    /// ## Shapes
    /// images `[N, S, S, 3]` -> maps `[N, S/2, S/2, width]` and `[N, S/4, S/4, 2 width]`
    final class TYPEBackbone: Backbone {
      struct Options: ComponentOptions {
        @Option("Channels of the first map; the second has twice as many.", 1...1024) var width = 8
      }

      let levels: [PyramidLevel]
      private let blocks: [ConvolutionBlock]

      init(_ options: Options, in context: inout BuildContext) throws {
        var (side, channels) = (context.inputSize, 3)
        var (levels, blocks) = ([PyramidLevel](), [ConvolutionBlock]())
        for (place, width) in [options.width, 2 * options.width].enumerated() {
          let scope = context.scope / place
          blocks.append(
            ConvolutionBlock(
              Convolution(from: channels, to: width, kernel: 3, stride: 2, padding: 1, in: scope / "convolution"),
              BatchNorm(width, in: scope / "norm"), activation: .relu))
          (side, channels) = ((side + 1) / 2, width)
          levels.append(PyramidLevel(height: side, width: side, channels: channels))
        }
        (self.levels, self.blocks) = (levels, blocks)
      }

      func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
        var maps: [Tensor] = []
        for block in blocks { maps.append(block(maps.last ?? images, pass)) }
        return FeaturePyramid(levels: maps)
      }
    }
    """

  private static let headTemplate = """
    import ARBEx

    /// A linear layer.
    ///
    ///     logits = W · e + b
    ///
    /// ## Shapes
    /// embedding `[N, D]` -> logits `[N, C]`
    final class TYPEHead: Head {
      typealias Options = NoOptions

      private let linear: Linear

      init(_ options: NoOptions, in context: inout BuildContext) throws {
        linear = Linear(from: try context.embeddingSize(), to: context.classCount, in: context.scope / "linear")
      }

      func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
        HeadOutput(logits: linear(encoding.embedding, pass))
      }
    }
    """

  private static let correctionTemplate = """
    import ARBEx

    /// Classes by the similarity of an embedding e to one learned direction p_c a class.
    ///
    ///     q = softmax_c(e · p_c / T)
    ///
    /// ## Shapes
    /// embedding `[N, D]` -> distribution `[N, C]`
    final class TYPECorrection: CorrectionTerm {
      struct Options: ComponentOptions {
        @Option("The temperature T; the higher, the more alike the shares.", above: 0) var temperature: Float = 1
      }

      private let directions: Parameter
      private let temperature: Float

      init(_ options: Options, in context: inout BuildContext) throws {
        directions = context.scope.parameter(
          "directions", [context.classCount, try context.embeddingSize()], .normal(deviation: 0.1))
        temperature = options.temperature
      }

      func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
        let similarity = prediction.embedding.matmul(pass[directions], transposingOther: true)
        return Correction(distribution: (similarity / temperature).softmax())
      }
    }
    """

  private static let lossTemplate = """
    import ARBEx

    /// The focal loss (Lin et al. 2017, arXiv:1708.02002, equation 4): rows that are sure already count less.
    ///
    ///     l[n] = −(1 − p)^γ · log p,   p the share of the true class
    ///
    /// ## Shapes
    /// logits `[N, C]` -> `[N]`
    final class TYPELoss: Loss {
      struct Options: ComponentOptions {
        @Option("The exponent γ.", 1...10) var gamma: Float = 2
      }

      static let scope = LossScope.samples
      private let gamma: Float

      init(_ options: Options, in context: inout BuildContext) throws { gamma = options.gamma }

      func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor {
        let truth = targets.distribution(classCount: outcome.logits.shape[1], smoothing: 0)
        let logShare = (truth * outcome.logits.logSoftmax(along: -1)).sum(along: 1)
        return -((1 - logShare.exp()).pow(gamma) * logShare)
      }
    }
    """

  private static let augmentationTemplate = """
    import ARBEx

    /// Makes an image darker by a random factor.
    final class TYPEAugmentation: Augmentation {
      struct Options: ComponentOptions {
        @Option("The smallest factor.", 0...1) var least: Float = 0.5
      }

      private let least: Float

      init(_ options: Options) { least = options.least }

      func apply(to image: inout Image, size: Int, random: inout RandomSource) {
        let factor = least + (1 - least) * random.uniform()
        for index in image.pixels.indices { image.pixels[index] *= factor }
      }
    }
    """
}
