import Support
import FERCore
import TensorKit

/// The way from a decoded image to a network's input.
///
///     training     resize (if given) -> augmentations in order -> size x size -> normalise
///     evaluation                                                  size x size -> normalise
///
/// Resizing stretches to a square, as torchvision's `Resize((size, size))`. Where there are views, their boxes are cut
/// out before the image is brought to its size, and each is brought to it by itself.
package struct InputPipeline: Sendable {
  private let options: InputOptions
  private let augmentations: [any Augmentation]
  private let views: (any Views)?
  private let isBGR: Bool
  private let mean: [Float]
  private let scale: [Float]

  /// The way that a recipe asks for.
  /// - Parameter isTraining: whether its augmentations apply.
  package init(of recipe: Recipe, isTraining: Bool) {
    self.init(recipe.input, augmentations: isTraining ? recipe.augmentations : [], views: recipe.views)
  }

  /// The way that these options ask for.
  package init(
    _ options: InputOptions, augmentations: [any Augmentation] = [], views: (any Views)? = nil
  ) {
    (self.options, self.augmentations, self.views) = (options, augmentations, views)
    isBGR = options.channels == .bgr
    let scale = options.normalize.deviation.map { 1 / $0 }
    // Pixels are normalised as red, green, blue and change their order afterwards.
    (mean, self.scale) =
      isBGR ? (options.normalize.mean.reversed(), scale.reversed()) : (options.normalize.mean, scale)
  }

  /// Side of the square input, in pixels.
  package var size: Int { options.size }
  /// Shrinks without false patterns, as Pillow does; otherwise as PyTorch's `F.interpolate`.
  package var antialias: Bool { options.antialias }
  /// How many images one becomes, V.
  package var viewCount: Int { max(1, views?.plan.count ?? 1) }
  /// How many values one image becomes, those of all views.
  package var valueCount: Int { viewCount * size * size * 3 }

  /// The image as training sees it, before normalising and without views.
  /// - Throws: a ``DataProblem`` where an augmentation spoils it.
  package func augmented(_ image: Image, random: RandomSource) throws(DataProblem) -> Image {
    sized(try changed(image, "", random))
  }

  /// Writes the image's `valueCount` values as training sees it, one view after another.
  /// - Parameter name: what problems call the image.
  /// - Throws: a ``DataProblem`` where an augmentation spoils the image, or a view's box does not lie in it.
  package func training(
    _ image: Image, named name: String, random: RandomSource, into target: UnsafeMutableBufferPointer<Float>
  ) throws(DataProblem) {
    try write(try changed(image, name, random), name, random.split("views"), into: target)
  }

  /// Writes the image's `valueCount` values as evaluation sees it, one view after another; the boxes of views are drawn
  /// alike for every image.
  /// - Parameter name: what problems call the image.
  /// - Throws: a ``DataProblem`` where a view's box does not lie in the image.
  package func evaluation(_ image: Image, named name: String, into target: UnsafeMutableBufferPointer<Float>)
    throws(DataProblem)
  { try write(image, name, Self.evaluationSource, into: target) }

  /// The boxes that evaluation cuts out of an image of that size, in pixels; none where there are no views.
  package func evaluationBoxes(width: Int, height: Int) -> [Box] {
    views?.boxes(width: width, height: height, random: Self.evaluationSource) ?? []
  }

  private static var evaluationSource: RandomSource { RandomSource(seed: 0, stream: "views") }

  /// The image's `valueCount` values as evaluation sees it.
  /// - Parameter name: what problems call the image.
  /// - Throws: a ``DataProblem`` where a view's box does not lie in the image.
  package func evaluation(_ image: Image, named name: String) throws(DataProblem) -> [Float] {
    var problem: DataProblem?
    let values = [Float](unsafeUninitializedCapacity: valueCount) { target, count in
      let room = UnsafeMutableBufferPointer(rebasing: target[..<valueCount])
      do throws(DataProblem) {
        try evaluation(image, named: name, into: room)
        count = valueCount
      } catch { problem = error }
    }
    if let problem { throw problem }
    return values
  }

  /// Each augmentation draws from a source of its own, so that leaving one out changes nothing for the others.
  private func changed(_ image: Image, _ name: String, _ random: RandomSource) throws(DataProblem) -> Image {
    var image = image
    if options.resize > 0 {
      image = image.resized(width: options.resize, height: options.resize, antialias: antialias)
    }
    for (place, augmentation) in augmentations.enumerated() {
      var own = random.split("augmentation \(place)")
      Running.of(augmentation) { augmentation.apply(to: &image, size: size, random: &own) }
      // What is as it was in eight bits was not changed.
      guard image.eightBit == nil, image.pixels.count != image.width * image.height * 3 else { continue }
      throw DataProblem(
        name, "left \(image.pixels.count) values of an image of \(image.width)x\(image.height)x3",
        by: Running.title(of: augmentation))
    }
    return image
  }

  private func sized(_ image: Image) -> Image {
    image.resized(width: size, height: size, antialias: antialias)
  }

  private func write(
    _ image: Image, _ name: String, _ random: @autoclosure () -> RandomSource,
    into target: UnsafeMutableBufferPointer<Float>
  ) throws(DataProblem) {
    require(
      target.count == valueCount, "InputPipeline: room for \(target.count) values, need \(valueCount)")
    guard image.width > 0, image.height > 0 else {
      throw DataProblem(name, "has no pixels left after the recipe's augmentations")
    }
    guard let views else { return normalize(sized(image), into: target) }
    let boxes = Running.of(views) { views.boxes(width: image.width, height: image.height, random: random()) }
    guard boxes.count == viewCount else {
      throw DataProblem(
        name, "has \(viewCount) views, but \(boxes.count) boxes were made for them",
        by: Running.title(of: views))
    }
    let count = valueCount / viewCount
    for (view, box) in boxes.enumerated() {
      guard box.lies(inWidth: image.width, height: image.height) else {
        throw DataProblem(
          name,
          "is \(image.width)x\(image.height) pixels; the box of view \(view), columns \(box.left)..<\(box.right) and "
            + "rows \(box.top)..<\(box.bottom), is empty or reaches outside", by: Running.title(of: views))
      }
      let part = image.cropped(
        x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top)
      normalize(
        sized(part), into: UnsafeMutableBufferPointer(rebasing: target[view * count..<(view + 1) * count]))
    }
  }

  private func normalize(_ image: Image, into target: UnsafeMutableBufferPointer<Float>) {
    image.pixels.withUnsafeBufferPointer { pixels in
      guard let source = pixels.baseAddress, let start = target.baseAddress else { return }
      PixelLoops.normalize(source, mean: mean, scale: scale, into: start, count: pixels.count / 3)
    }
    guard isBGR else { return }
    for red in stride(from: 0, to: target.count, by: 3) { target.swapAt(red, red + 2) }
  }
}

extension RandomSource {
  /// What a sample's augmentations draw from: its place in the dataset, the epoch and how often the epoch drew it before,
  /// so that it does not matter which batch it fell into.
  package static func augmenting(
    _ index: Int, epoch: Int, seed: UInt64, drawnBefore: UInt64 = 0
  ) -> RandomSource {
    RandomSource(
      seed: seed, stream: "augment", epoch: UInt64(max(0, epoch)), sample: UInt64(index) | drawnBefore << 40)
  }
}
