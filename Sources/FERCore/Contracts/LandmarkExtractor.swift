import NeuralKit
import TensorKit

/// Turns an image into features that know where brows, eyes, nose and mouth are.
public protocol LandmarkExtractor: ModelPart where Kind == any LandmarkExtractor {
  /// The sizes it will deliver for the context's input size, the coarsest last.
  var levels: [PyramidLevel] { get }
  /// - Parameter images: `[N, H, W, 3]`, normalised.
  func landmarks(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid
}
