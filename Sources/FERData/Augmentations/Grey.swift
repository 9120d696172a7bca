import FERCore
import NeuralKit
import TensorKit

/// Takes the colour out of an image: all three channels become its lightness.
public struct Grey: Augmentation {
  /// The settings of ``Grey``.
  public struct Options: ComponentOptions {
    @Option("The share of images that lose their colour.", 0...1) public var probability: Float = 0.1

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
    if random.chance(options.probability) { image.change([.saturation(0)]) }
  }
}
