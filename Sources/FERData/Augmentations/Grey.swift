import FERCore
import NeuralKit
import TensorKit

/// Takes the colour out of an image: all three channels become its lightness.
struct Grey: Augmentation {
  struct Options: ComponentOptions {
    @Option("The share of images that lose their colour.", 0...1) var probability: Float = 0.1
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    if random.chance(options.probability) { image.change([.saturation(0)]) }
  }
}
