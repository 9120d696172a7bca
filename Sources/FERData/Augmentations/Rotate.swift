import FERCore
import NeuralKit
import TensorKit

/// Turns the image about its centre by a random angle.
public struct Rotate: Augmentation {
  /// The settings of ``Rotate``.
  public struct Options: ComponentOptions {
    @Option("The largest angle, either way.", 0...180) public var degrees: Float = 10
    @Option("The share of images that are turned.", 0...1) public var probability: Float = 1
    @Option("What the corners that come into view show.", oneOf: ImageBorder.allCases.map(\.rawValue))
    public var border = ImageBorder.edge.rawValue

    /// The defaults.
    public init() {}
  }

  private let options: Options
  private let border: ImageBorder

  /// Takes nothing from the context.
  public init(_ options: Options, in context: inout BuildContext) throws {
    self.options = options
    border = ImageBorder(rawValue: options.border) ?? .edge
  }

  /// Changes the image in place, by numbers from `random` alone.
  public func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    guard random.chance(options.probability), options.degrees > 0 else { return }
    image = image.rotated(degrees: random.uniform(-options.degrees, options.degrees), border: border)
  }
}
