import FERCore
import NeuralKit
import TensorKit

/// Cuts out a random part of random area and shape and stretches it to the input size, as torchvision's
/// `RandomResizedCrop`.
struct RandomResizedCrop: Augmentation {
  struct Options: ComponentOptions {
    @Option("The smallest area, as a share of the image.", above: 0) var scaleMin: Float = 0.6
    @Option("The largest area, as a share of the image.", above: 0) var scaleMax: Float = 1
    @Option("The smallest ratio of width to height.", 0.01...100) var aspectMin: Float = 0.85
    @Option("The largest ratio of width to height.", 0.01...100) var aspectMax: Float = 1.18
    @Option("Whether shrinking averages over what it leaves out, as Pillow does.") var antialias = true
    @Option("The share of images that are cut.", 0...1) var probability: Float = 1

    func issues() -> [OptionIssue] {
      var issues: [OptionIssue] = []
      if scaleMax > 1 { issues.append(OptionIssue("scaleMax", "must be at most 1, is \(scaleMax)")) }
      if scaleMin > scaleMax {
        issues.append(OptionIssue("scaleMin", "must be at most scaleMax \(scaleMax), is \(scaleMin)"))
      }
      if aspectMin > aspectMax {
        issues.append(OptionIssue("aspectMin", "must be at most aspectMax \(aspectMax), is \(aspectMin)"))
      }
      return issues
    }
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    guard random.chance(options.probability) else { return }
    // A part that does not fit is drawn again, a few times.
    var part = centre(of: image)
    for _ in 0..<10 {
      let area = random.uniform(options.scaleMin, options.scaleMax) * Float(image.width * image.height)
      let aspect = random.logUniform(options.aspectMin, options.aspectMax)
      let width = Int((area * aspect).squareRoot().rounded())
      let height = Int((area / aspect).squareRoot().rounded())
      guard height >= 1, width >= 1, height <= image.height, width <= image.width else { continue }
      let x = random.below(image.width - width + 1)
      let y = random.below(image.height - height + 1)
      part = (x, y, width, height)
      break
    }
    image = image.cropped(x: part.x, y: part.y, width: part.width, height: part.height)
      .resized(width: size, height: size, antialias: options.antialias)
  }

  /// The largest part in the middle whose shape is allowed.
  private func centre(of image: Image) -> (x: Int, y: Int, width: Int, height: Int) {
    let (width, height) = (Float(image.width), Float(image.height))
    let aspect = width / max(1, height)
    let kept = min(max(aspect, options.aspectMin), options.aspectMax)
    let newWidth = aspect > kept ? max(1, Int((height * kept).rounded())) : image.width
    let newHeight = aspect < kept ? max(1, Int((width / kept).rounded())) : image.height
    return ((image.width - newWidth) / 2, (image.height - newHeight) / 2, newWidth, newHeight)
  }
}
