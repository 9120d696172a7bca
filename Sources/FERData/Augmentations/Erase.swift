import FERCore
import NeuralKit
import TensorKit

/// Covers a random rectangle, so that a network cannot lean on one spot of the face.
///
/// Source: Zhong et al. 2020, Random Erasing Data Augmentation, arXiv:1708.04896. The rectangle is filled with
/// ImageNet's mean colour by default, which normalising turns into 0. Noise of ImageNet's deviation about it becomes
/// standard normal by normalising, as torchvision's `RandomErasing(value: "random")`; it is not held within 0...1. Coming
/// last in the list, it covers what the other augmentations left.
struct Erase: Augmentation {
  struct Options: ComponentOptions {
    @Option("The share of images that lose a rectangle.", 0...1)
    var probability: Float = 0.5
    @Option("The smallest area, as a share of the image.", 0...1)
    var areaMin: Float = 0.02
    @Option("The largest area, as a share of the image.", 0...1)
    var areaMax: Float = 0.1
    @Option("The smallest ratio of height to width.", 0.01...100)
    var aspectMin: Float = 0.3
    @Option("The largest ratio of height to width.", 0.01...100)
    var aspectMax: Float = 3.3
    @Option("What the rectangle is filled with: one colour, or normal noise about it, drawn for each value.")
    var fill = Fill.value
    @Option("The colour: one value for grey or three for red, green and blue.", 0...1)
    var value: [Float] = Normalization.imagenet.mean
    @Option("Standard deviation of the noise: one value or three; black is 0, white is 1.", 0...1)
    var deviation: [Float] = Normalization.imagenet.deviation

    enum Fill: String, OptionChoice { case value, noise }

    func issues() -> [OptionIssue] {
      var issues: [OptionIssue] = []
      if areaMin > areaMax {
        issues.append(OptionIssue("areaMin", "must be at most areaMax \(areaMax), is \(areaMin)"))
      }
      if aspectMin > aspectMax {
        issues.append(OptionIssue("aspectMin", "must be at most aspectMax \(aspectMax), is \(aspectMin)"))
      }
      for (key, values) in [("value", value), ("deviation", deviation)] where ![1, 3].contains(values.count) {
        issues.append(OptionIssue(key, "must have 1 or 3 values, has \(values.count)"))
      }
      return issues
    }
  }

  private let options: Options
  private let colour: [Float]
  private let deviation: [Float]

  /// - Throws: ``BuildIssue`` where colour or deviation are neither one value nor three.
  init(_ options: Options) throws(BuildIssue) {
    if let issue = options.issues().first { throw BuildIssue(issue.key, issue.message) }
    self.options = options
    let three = { (values: [Float]) in values.count == 3 ? values : Array(repeating: values[0], count: 3) }
    (colour, deviation) = (three(options.value), three(options.deviation))
  }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
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
      let hasNoise = options.fill == .noise
      image.fill(x: x, y: y, width: width, height: height) { channel in
        colour[channel] + (hasNoise ? deviation[channel] * random.normal() : 0)
      }
      return
    }
  }
}
