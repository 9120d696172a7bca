import FERCore
import NeuralKit
import TensorKit

/// Adds normally distributed noise to every value, as a poor camera does.
struct Noise: Augmentation {
  struct Options: ComponentOptions {
    @Option("Standard deviation of the noise; black is 0, white is 1.", 0...1) var deviation: Float = 0.02
    @Option("The share of images that get noise.", 0...1) var probability: Float = 0.5
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    guard random.chance(options.probability), options.deviation > 0 else { return }
    image.pixels.withUnsafeMutableBufferPointer { pixels in
      for index in pixels.indices {
        pixels[index] = min(1, max(0, pixels[index] + options.deviation * random.normal()))
      }
    }
  }
}
