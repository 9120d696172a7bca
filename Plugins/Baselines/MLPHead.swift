import FERCore
import NeuralKit
import TensorKit

/// A classifier with hidden layers.
///
///     h_i    = BN(dropout(ReLU(W_i · h_(i-1) + b_i))),   h_0 = e
///     logits = W · h + b
///
/// Source: Wasi et al. 2023, ARBEx, arXiv:2305.01486, section 4.3: two hidden layers of 64. The authors' code
/// has three (384, 192, 96) with dropout after the batch norm; dropout comes before it here.
///
/// ## Shapes
/// embedding `[N, D]` -> logits `[N, C]`
final class MLPHead: Head {
  struct Options: ComponentOptions {
    @Option("Sizes of the hidden layers; empty for none.", 1...65536) var hidden = [64, 64]
    @Option("Chance in training that a hidden value is left out.", 0..<1) var dropout: Float = 0.5
  }

  private let layers: [Layer]
  private let output: Linear

  init(_ options: Options, in context: inout BuildContext) throws {
    let scope = context.scope
    let sizes = [try context.embeddingSize()] + options.hidden
    layers = options.hidden.indices.map { i in
      Layer(
        linear: Linear(from: sizes[i], to: sizes[i + 1], in: scope / i / "linear"),
        dropout: Dropout(options.dropout, in: scope / i / "dropout"),
        norm: BatchNorm(sizes[i + 1], in: scope / i / "norm"))
    }
    output = Linear(from: sizes[sizes.count - 1], to: context.classCount, in: scope / "out")
  }

  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    let hidden = layers.reduce(encoding.embedding) { x, layer in
      layer.norm(layer.dropout(layer.linear(x, pass).relu(), pass), pass)
    }
    return HeadOutput(logits: output(hidden, pass))
  }

  /// The names in the official repository's `classifier.pth` of three hidden layers: a linear layer, ReLU, batch norm
  /// and dropout take four places each.
  static let arbexNaming = {
    var naming = WeightNaming(
      "classifier of the ARBEx repository", word: "mlp-arbex", component: "mlp"
    ) { key in
      let steps = WeightNaming.steps(of: key)
      guard steps.count == 3, steps[0] == "net", let place = Int(steps[1]), (0...12).contains(place) else {
        return nil
      }
      switch place % 4 {
      case 0: return place == 12 ? "out.\(steps[2])" : "\(place / 4).linear.\(steps[2])"
      case 2: return "\(place / 4).norm.\(steps[2])"
      default: return nil
      }
    }
    naming.classArray = "out.bias"
    return naming
  }()

  private struct Layer {
    let linear: Linear
    let dropout: Dropout
    let norm: BatchNorm
  }
}
