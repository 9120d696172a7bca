import FERCore
import NeuralKit
import TensorKit

/// Covers a random rectangle, so that a network cannot lean on one spot of the face.
///
/// Source: Zhong et al. 2020, Random Erasing Data Augmentation, arXiv:1708.04896. The rectangle is filled with
/// ImageNet's mean colour by default, which normalising turns into 0. Coming last in the list, it covers what
/// the other augmentations left.
public struct Erase: Augmentation {
  /// The settings of ``Erase``.
  public struct Options: ComponentOptions {
    @Option("The share of images that lose a rectangle.", 0...1) public var probability: Float = 0.5
    @Option("The smallest area, as a share of the image.", 0...1) public var areaMin: Float = 0.02
    @Option("The largest area, as a share of the image.", 0...1) public var areaMax: Float = 0.1
    @Option("The smallest ratio of height to width.", 0.01...100) public var aspectMin: Float = 0.3
    @Option("The largest ratio of height to width.", 0.01...100) public var aspectMax: Float = 3.3
    @Option("The colour: one value for grey or three for red, green and blue.", 0...1)
    public var value: [Float] = Normalization.imagenet.mean

    /// The defaults.
    public init() {}

    /// What is wrong between options.
    public func issues() -> [OptionIssue] {
      var issues: [OptionIssue] = []
      if areaMin > areaMax {
        issues.append(OptionIssue("areaMin", "must be at most areaMax \(areaMax), is \(areaMin)"))
      }
      if aspectMin > aspectMax {
        issues.append(OptionIssue("aspectMin", "must be at most aspectMax \(aspectMax), is \(aspectMin)"))
      }
      if value.count != 1 && value.count != 3 {
        issues.append(OptionIssue("value", "must have 1 or 3 values, has \(value.count)"))
      }
      return issues
    }
  }

  private let options: Options
  private let colour: [Float]

  /// - Throws: ``BuildIssue`` where the colour is neither one value nor three.
  public init(_ options: Options, in context: inout BuildContext) throws {
    self.options = options
    guard options.value.count == 1 || options.value.count == 3 else {
      throw BuildIssue("value", "must have 1 or 3 values, has \(options.value.count)")
    }
    colour = options.value.count == 3 ? options.value : Array(repeating: options.value[0], count: 3)
  }

  /// Changes the image in place, by numbers from `random` alone.
  public func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    guard random.chance(options.probability) else { return }
    // A rectangle that does not fit is drawn again, a few times.
    for _ in 0..<10 {
      let area = random.uniform(options.areaMin, options.areaMax) * Float(image.width * image.height)
      let aspect = random.logUniform(options.aspectMin, options.aspectMax)
      let height = Int((area * aspect).squareRoot().rounded())
      let width = Int((area / aspect).squareRoot().rounded())
      guard height >= 1, width >= 1, height <= image.height, width <= image.width else { continue }
      let x = random.below(image.width - width + 1)
      let y = random.below(image.height - height + 1)
      image.fill(x: x, y: y, width: width, height: height, colour)
      return
    }
  }
}
