import FERCore
import NeuralKit
import TensorKit

/// Turns the image about its centre by a random angle.
struct Rotate: Augmentation {
  struct Options: ComponentOptions {
    @Option("The largest angle, either way.", 0...180) var degrees: Float = 10
    @Option("The share of images that are turned.", 0...1) var probability: Float = 1
    @Option("What the corners that come into view show.") var border = ImageBorder.edge
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    guard random.chance(options.probability), options.degrees > 0 else { return }
    image = image.rotated(degrees: random.uniform(-options.degrees, options.degrees), border: options.border)
  }
}
