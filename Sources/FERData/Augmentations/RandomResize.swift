import FERCore
import NeuralKit
import TensorKit

/// Stretches the image to a square, of random side where `spread` is given: with a crop behind it, faces come in
/// different sizes.
///
/// `input.resize` does the same before all augmentations, always and to one size.
struct RandomResize: Augmentation {
  struct Options: ComponentOptions {
    @Option("The side of the square, in pixels; 0 is the input size.", 0...4096) var side = 0
    @Option("By which share of itself the side is drawn smaller or larger, at most.", 0..<1)
    var spread: Float = 0
    @Option("The share of images that are changed.", 0...1) var probability: Float = 1
    @Option("Whether shrinking averages over what it leaves out, as Pillow does.") var antialias = true
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    guard random.chance(options.probability) else { return }
    let wanted = Float(options.side == 0 ? size : options.side)
    let side = max(1, Int((wanted * random.uniform(1 - options.spread, 1 + options.spread)).rounded()))
    image = image.resized(width: side, height: side, antialias: options.antialias)
  }
}
