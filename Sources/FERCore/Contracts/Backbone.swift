import NeuralKit
import TensorKit

/// Turns an image into features of falling resolution.
public protocol Backbone: ModelPart where Kind == any Backbone {
  /// The sizes it will deliver for the context's input size, the coarsest last.
  var levels: [PyramidLevel] { get }
  /// - Parameter images: `[N, H, W, 3]`, normalised.
  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid
}
