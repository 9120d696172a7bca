import NeuralKit
import TensorKit

/// Changes a training image at random. Applied in the recipe's order, before resizing to the input size and
/// normalising.
public protocol Augmentation: Component, Sendable where Kind == any Augmentation {
  /// - Parameter random: a source of its own for this image and this place in the list.
  /// - Parameter size: the input size the image will end at.
  func apply(to image: inout Image, size: Int, random: inout RandomSource)
}
