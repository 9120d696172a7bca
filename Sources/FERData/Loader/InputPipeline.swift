import FERCore
import TensorKit

/// The way from a decoded image to a network's input.
///
///     training     resize (if given) -> augmentations in order -> size x size -> normalise
///     evaluation                                                  size x size -> normalise
///
/// Resizing stretches to a square, as torchvision's `Resize((size, size))`.
public struct InputPipeline: Sendable {
  /// Side of the square input, in pixels.
  public var size: Int
  /// Side of the square that augmentations see; nil gives them the image as it is.
  public var resize: Int?
  /// Makes network input of pixel values.
  public var normalization: Normalization
  /// What happens to training images, in this order.
  public var augmentations: [any Augmentation]
  /// Shrinks without false patterns, as Pillow does; otherwise as PyTorch's `F.interpolate`.
  public var antialias: Bool

  /// A pipeline whose parts a recipe, or a weight file, has named.
  public init(
    size: Int, resize: Int? = nil, normalization: Normalization = .imagenet,
    augmentations: [any Augmentation] = [], antialias: Bool = true
  ) {
    self.size = size
    self.resize = resize
    self.normalization = normalization
    self.augmentations = augmentations
    self.antialias = antialias
  }

  /// How many values one image becomes.
  public var valueCount: Int { size * size * 3 }

  /// The image as training sees it, before normalising. Each augmentation draws from a source of its own, so
  /// that leaving one out changes nothing for the others.
  public func augmented(_ image: Image, random: RandomSource) -> Image {
    var image = image
    if let resize { image = image.resized(width: resize, height: resize, antialias: antialias) }
    for (place, augmentation) in augmentations.enumerated() {
      var own = random.split("augmentation \(place)")
      augmentation.apply(to: &image, size: size, random: &own)
    }
    return image.resized(width: size, height: size, antialias: antialias)
  }

  /// Writes the image's `valueCount` values as training sees it.
  public func training(_ image: Image, random: RandomSource, into target: UnsafeMutableBufferPointer<Float>) {
    normalize(augmented(image, random: random), into: target)
  }

  /// Writes the image's `valueCount` values as evaluation sees it.
  public func evaluation(_ image: Image, into target: UnsafeMutableBufferPointer<Float>) {
    normalize(image.resized(width: size, height: size, antialias: antialias), into: target)
  }

  /// Images as evaluation sees them, `[N, size, size, 3]`.
  public func evaluation(_ images: [Image]) -> Tensor {
    Tensor([images.count, size, size, 3]) { values in
      for (index, image) in images.enumerated() {
        let own = values[index * valueCount..<(index + 1) * valueCount]
        evaluation(image, into: UnsafeMutableBufferPointer(rebasing: own))
      }
    }
  }

  private func normalize(_ image: Image, into target: UnsafeMutableBufferPointer<Float>) {
    precondition(
      target.count == valueCount, "InputPipeline: room for \(target.count) values, need \(valueCount)")
    image.pixels.withUnsafeBufferPointer { pixels in
      guard let source = pixels.baseAddress, let target = target.baseAddress else { return }
      PixelLoops.normalize(
        source, mean: normalization.mean, scale: normalization.deviation.map { 1 / $0 }, into: target,
        count: pixels.count / 3)
    }
  }
}

extension RandomSource {
  /// What a sample's augmentations draw from: its place in the dataset, the epoch and how often the epoch drew it before,
  /// so that it does not matter which batch it fell into.
  public static func augmenting(_ index: Int, epoch: Int, seed: UInt64, drawnBefore: UInt64 = 0)
    -> RandomSource
  {
    RandomSource(
      seed: seed, stream: "augment", epoch: UInt64(max(0, epoch)), sample: UInt64(index) | drawnBefore << 40)
  }
}
