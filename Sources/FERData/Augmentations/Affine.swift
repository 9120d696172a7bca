import FERCore
import NeuralKit
import TensorKit

/// Turns, moves, scales and shears the image at once, so that it is resampled only once: first sheared, then turned
/// and scaled about its centre, then moved, as torchvision's `RandomAffine`.
struct Affine: Augmentation {
  struct Options: ComponentOptions {
    @Option("The largest angle, either way.", 0...180) var degrees: Float = 10
    @Option("The largest move along each side, as a share of that side.", 0...1) var translate: Float = 0.05
    @Option("The smallest enlargement.", 0.1...10) var scaleMin: Float = 0.9
    @Option("The largest enlargement.", 0.1...10) var scaleMax: Float = 1.1
    @Option("The largest shear along x, in degrees, either way.", 0...60) var shear: Float = 0
    @Option("The share of images that are changed.", 0...1) var probability: Float = 1
    @Option("What comes into view from outside.") var border = ImageBorder.edge

    func issues() -> [OptionIssue] {
      scaleMin <= scaleMax
        ? [] : [OptionIssue("scaleMin", "must be at most scaleMax \(scaleMax), is \(scaleMin)")]
    }
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    let isChanged = random.chance(options.probability)
    let angle = random.uniform(-options.degrees, options.degrees)
    let scale = random.uniform(options.scaleMin, options.scaleMax)
    let slant = random.uniform(-options.shear, options.shear)
    let x = random.uniform(-options.translate, options.translate) * Float(image.width)
    let y = random.uniform(-options.translate, options.translate) * Float(image.height)
    guard isChanged else { return }
    let shear = PlaneMap(1, Float.tangent(degrees: slant), 0, 0, 1, 0)
    let move = PlaneMap(scale, 0, x, 0, scale, y)
    let map = move.after(.rotation(degrees: angle)).after(shear)
    if let back = map.inverse { image = image.warped(by: back, border: options.border) }
  }
}
