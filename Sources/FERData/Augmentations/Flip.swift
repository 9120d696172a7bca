import FERCore
import NeuralKit
import TensorKit

/// Swaps left and right. A face stays a face, and its expression stays the same.
public struct Flip: Augmentation {
  /// The settings of ``Flip``.
  public struct Options: ComponentOptions {
    @Option("The share of images that are flipped.", 0...1) public var probability: Float = 0.5

    /// The defaults.
    public init() {}
  }

  private let options: Options

  /// Takes nothing from the context.
  public init(_ options: Options, in context: inout BuildContext) throws {
    self.options = options
  }

  /// Changes the image in place, by numbers from `random` alone.
  public func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    if random.chance(options.probability) { image.flip() }
  }
}
