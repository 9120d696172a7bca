import FERCore
import NeuralKit
import TensorKit

/// Swaps left and right. A face stays a face, and its expression stays the same.
struct Flip: Augmentation {
  struct Options: ComponentOptions {
    @Option("The share of images that are flipped.", 0...1) var probability: Float = 0.5
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    if random.chance(options.probability) { image.flip() }
  }
}
