import FERCore
import NeuralKit
import TensorKit

/// Cuts a square of the input size out of the image, at a random place.
///
/// The image is usually larger than that, because `input.resize` made it so. Where it is not, `padding` lets the
/// square reach over the border: at 48 pixels and a padding of 4 the face moves by up to 4 pixels each way.
struct Crop: Augmentation {
  struct Options: ComponentOptions {
    @Option("Pixels by which the image is enlarged on each side first.", 0...4096) var padding = 0
    @Option("What the enlarged border shows.") var border = ImageBorder.edge
    @Option("The share of images whose square lies anywhere; that of the others is centred.", 0...1)
    var probability: Float = 1
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    var x = place(side: image.width, size: size, random: &random)
    var y = place(side: image.height, size: size, random: &random)
    if !random.chance(options.probability) { (x, y) = ((image.width - size) / 2, (image.height - size) / 2) }
    image = image.cropped(x: x, y: y, width: size, height: size, border: options.border)
  }

  /// Where the square starts along one side. A side that is too short even with its padding is centred.
  private func place(side: Int, size: Int, random: inout RandomSource) -> Int {
    let room = side + 2 * options.padding - size
    let start = random.below(max(0, room) + 1)
    return room < 0 ? (side - size) / 2 : start - options.padding
  }
}
