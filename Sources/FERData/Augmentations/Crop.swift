import FERCore
import NeuralKit
import TensorKit

/// Cuts a square of the input size out of the image, at a random place.
///
/// The image is usually larger than that, because `input.resize` made it so. Where it is not, `padding` lets the
/// square reach over the border: at 48 pixels and a padding of 4 the face moves by up to 4 pixels each way.
public struct Crop: Augmentation {
  /// The settings of ``Crop``.
  public struct Options: ComponentOptions {
    @Option("Pixels by which the image is enlarged on each side first.", 0...4096) public var padding = 0
    @Option("What the enlarged border shows.", oneOf: ImageBorder.allCases.map(\.rawValue))
    public var border = ImageBorder.edge.rawValue

    /// The defaults.
    public init() {}
  }

  private let padding: Int
  private let border: ImageBorder

  /// Takes nothing from the context.
  public init(_ options: Options, in context: inout BuildContext) throws {
    padding = options.padding
    border = ImageBorder(rawValue: options.border) ?? .edge
  }

  /// Changes the image in place, by numbers from `random` alone.
  public func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    let x = place(side: image.width, size: size, random: &random)
    let y = place(side: image.height, size: size, random: &random)
    image = image.cropped(x: x, y: y, width: size, height: size, border: border)
  }

  /// Where the square starts along one side. A side that is too short even with its padding is centred.
  private func place(side: Int, size: Int, random: inout RandomSource) -> Int {
    let room = side + 2 * padding - size
    let start = random.below(max(0, room) + 1)
    return room < 0 ? (side - size) / 2 : start - padding
  }
}
