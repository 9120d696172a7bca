import FERCore
import NeuralKit
import TensorKit
import Testing

@testable import FERData

/// Two halves of the image, side by side.
private struct Halves: Views {
  typealias Options = NoOptions
  let plan = ViewPlan(count: 2)
  init(_ options: NoOptions = NoOptions()) {}
  func boxes(width: Int, height: Int, random: RandomSource) -> [Box] {
    [
      Box(left: 0, top: 0, right: width / 2, bottom: height),
      Box(left: width / 2, top: 0, right: width, bottom: height),
    ]
  }
}

/// One pixel at a random place.
private struct RandomPixel: Views {
  typealias Options = NoOptions
  let plan = ViewPlan(count: 1)
  init(_ options: NoOptions = NoOptions()) {}
  func boxes(width: Int, height: Int, random: RandomSource) -> [Box] {
    var random = random
    let (x, y) = (random.below(width), random.below(height))
    return [Box(left: x, top: y, right: x + 1, bottom: y + 1)]
  }
}

/// Leaves a pixel too few.
private struct Cutting: Augmentation {
  init(_ options: NoOptions = NoOptions()) {}
  func apply(to image: inout Image, size: Int, random: inout RandomSource) { image.pixels.removeLast(3) }
}

/// Boxes that are given, whatever the image.
private struct FixedBoxes: Views {
  typealias Options = NoOptions
  let plan: ViewPlan
  private let boxes: [Box]
  init(_ options: NoOptions) { (plan, boxes) = (.single, []) }
  init(_ boxes: [Box], count: Int? = nil) {
    (plan, self.boxes) = (ViewPlan(count: count ?? boxes.count), boxes)
  }
  func boxes(width: Int, height: Int, random: RandomSource) -> [Box] { boxes }
}

private struct Ramps: LoadedDataset {
  let samples = (0..<6).map { Sample(id: "ramp/\($0)", label: 0) }
  func image(at index: Int) -> Image { rampImage(width: 64, height: 64) }
}

@Suite("Input pipeline")
struct InputPipelineTests {
  private func options(size: Int, _ normalize: Normalization = .none) -> InputOptions {
    var options = InputOptions()
    (options.size, options.normalize) = (size, normalize)
    return options
  }

  @Test("leaving one augmentation out does not change what the others draw")
  func independence() throws {
    var silent = Noise.Options()
    silent.probability = 0
    let rotate = Rotate(.init())
    let image = rampImage(width: 12, height: 12)
    func augmented(_ image: Image, _ first: any Augmentation) throws -> Image {
      try InputPipeline(options(size: 12), augmentations: [first, rotate])
        .augmented(image, random: RandomSource(seed: 1, stream: "a"))
    }
    let first = try augmented(image, Noise(silent))
    // The flip may have happened before the turn; then the plain image was turned the same way.
    var flipped = image
    flipped.flip()
    let flips = [try augmented(image, Flip(.init())), try augmented(flipped, Flip(.init()))]
    #expect(flips.contains(first))
  }

  @Test("training resizes, augments, ends at the input size; evaluation goes straight there")
  func order() throws {
    let image = rampImage(width: 20, height: 14)
    var options = options(size: 8)
    options.resize = 10
    let pipeline = InputPipeline(options, augmentations: [Crop(.init())])
    let large = image.resized(width: 10, height: 10, antialias: true)
    let found = try pipeline.augmented(image, random: RandomSource(seed: 9, stream: "a"))
    let matches = (0...2).contains { x in
      (0...2).contains { y in large.cropped(x: x, y: y, width: 8, height: 8) == found }
    }
    #expect(matches && pipeline.viewCount == 1 && pipeline.valueCount == 192)
    #expect(
      try pipeline.evaluation(image, named: "") == image.resized(width: 8, height: 8, antialias: true).pixels)
  }

  /// (0.2, 0.4, 0.6) less (0.1, 0.2, 0.3) over (0.5, 0.25, 0.1) is (0.2, 0.8, 3); in the order blue, green, red it is
  /// (0.6 − 0.1) / 0.5 = 1, 0.8 and (0.2 − 0.3) / 0.1 = −1.
  @Test(
    "channels change their order first, then each place has its mean and deviation",
    arguments: [(ChannelOrder.rgb, [0.2, 0.8, 3]), (.bgr, [1, 0.8, -1])] as [(ChannelOrder, [Float])])
  func channels(order: ChannelOrder, expected: [Float]) throws {
    var options = options(
      size: 2, Normalization(mean: [0.1, 0.2, 0.3], deviation: [0.5, 0.25, 0.1]))
    options.channels = order
    let image = Image(width: 2, height: 2, colour: [0.2, 0.4, 0.6])
    let values = try InputPipeline(options).evaluation(image, named: "")
    #expect(values.count == 12)
    for (place, value) in values.enumerated() { #expect(abs(value - expected[place % 3]) < 1e-5) }
  }

  @Test(
    "views are cut from the plain image in evaluation, from the augmented one in training, sample by sample")
  func views() throws {
    var flip = Flip.Options()
    flip.probability = 1
    var options = options(size: 2)
    options.resize = 16
    let pipeline = InputPipeline(options, augmentations: [Flip(flip)], views: Halves())
    #expect(pipeline.viewCount == 2 && pipeline.valueCount == 24)
    let image = rampImage(width: 4, height: 2)
    // Halves of 2 x 2 pixels are at their size already.
    let halves = [0, 2].map { image.cropped(x: $0, y: 0, width: 2, height: 2).pixels }
    #expect(try pipeline.evaluation(image, named: "") == halves[0] + halves[1])
    #expect(
      pipeline.evaluationBoxes(width: 4, height: 2)
        == [0, 2].map { Box(left: $0, top: 0, right: $0 + 2, bottom: 2) })
    #expect(InputPipeline(options).evaluationBoxes(width: 4, height: 2) == [])

    options.resize = 0
    let training = InputPipeline(options, augmentations: [Flip(flip)], views: Halves())
    var values = [Float](repeating: 0, count: 24)
    try values.withUnsafeMutableBufferPointer {
      try training.training(image, named: "", random: RandomSource(seed: 1, stream: "a"), into: $0)
    }
    var flipped = image
    flipped.flip()
    #expect(values == [0, 2].flatMap { flipped.cropped(x: $0, y: 0, width: 2, height: 2).pixels })

    struct Two: LoadedDataset {
      let samples = [Sample(id: "0", label: 0), Sample(id: "1", label: 1)]
      func image(at index: Int) -> Image {
        Image(width: 4, height: 2, pixels: (0..<24).map { Float($0 + 24 * index) })
      }
    }
    let loader = BatchLoader(
      Two(), BatchRequest(order: [1, 0], batchSize: 2), pipeline: InputPipeline(options, views: Halves()))
    let batch = try #require(try loader.next())
    #expect(batch.images.shape == [4, 2, 2, 3] && batch.viewCount == 2 && batch.indices == [1, 0])
    // The first values of: left and right half of sample 1, left and right half of sample 0.
    #expect((0..<4).map { batch.images.values[12 * $0] } == [24, 30, 0, 6])
  }

  @Test("random boxes follow from sample and epoch in training, and are alike for all images in evaluation")
  func randomViews() throws {
    let pipeline = InputPipeline(options(size: 1), views: RandomPixel())
    let order = Array(0..<6)
    func pixels(epoch: Int?) throws -> [[Float]] {
      let loader = BatchLoader(
        Ramps(), BatchRequest(order: order, batchSize: 6, epoch: epoch), pipeline: pipeline, seed: 5)
      let values = try #require(try loader.next()).images.values
      return order.map { Array(values[3 * $0..<3 * $0 + 3]) }
    }
    let expected = order.map { index -> [Float] in
      let random = RandomSource.augmenting(index, epoch: 2, seed: 5).split("views")
      let box = RandomPixel().boxes(width: 64, height: 64, random: random)[0]
      let place = 3 * (box.top * 64 + box.left)
      return Array(rampImage(width: 64, height: 64).pixels[place..<place + 3])
    }
    #expect(try pixels(epoch: 2) == expected)
    #expect(Set(expected).count > 1)
    let plain = Set(try pixels(epoch: nil))
    #expect(plain.count == 1)
    // Those boxes can be asked for.
    let box = pipeline.evaluationBoxes(width: 64, height: 64)[0]
    let place = 3 * (box.top * 64 + box.left)
    #expect(plain.first == Array(rampImage(width: 64, height: 64).pixels[place..<place + 3]))
  }

  @Test(
    "a box that is empty or reaches outside is an error with sample and box",
    arguments: [(-1, 0, 2, 2), (0, 0, 5, 2), (0, 1, 2, 1), (0, 0, 2, 3)])
  func badBox(left: Int, top: Int, right: Int, bottom: Int) {
    let whole = Box(left: 0, top: 0, right: 4, bottom: 2)
    let views = FixedBoxes([whole, Box(left: left, top: top, right: right, bottom: bottom)])
    let pipeline = InputPipeline(options(size: 2), views: views)
    let expected = DataProblem(
      "faces/7.png",
      "is 4x2 pixels; the box of view 1, columns \(left)..<\(right) and rows \(top)..<\(bottom), is empty or reaches outside",
      by: "FixedBoxes")
    #expect(throws: expected) {
      try pipeline.evaluation(rampImage(width: 4, height: 2), named: "faces/7.png")
    }
  }

  @Test(
    "a view plan or an augmentation that spoils an image is named; no policy for bad images passes over it")
  func blamed() throws {
    let views = InputPipeline(
      options(size: 2), views: FixedBoxes([Box(left: 0, top: 0, right: 1, bottom: 1)], count: 2))
    let cutting = InputPipeline(options(size: 2), augmentations: [Cutting()])
    let words = [
      "FixedBoxes: ramp/3: has 2 views, but 1 boxes were made for them",
      "Cutting: ramp/3: left 12285 values of an image of 64x64x3",
    ]
    for (pipeline, words) in zip([views, cutting], words) {
      let loader = BatchLoader(
        Ramps(), BatchRequest(order: [3, 4], batchSize: 2, epoch: 0), pipeline: pipeline,
        badImages: .skip(upTo: 1))
      let problem = try #require(throws: DataProblem.self) { try loader.next() }
      #expect(problem.description == words)
    }
  }

  @Test("as many boxes as views, or an error; the loader names the sample")
  func wrongCount() {
    let views = FixedBoxes([Box(left: 0, top: 0, right: 1, bottom: 1)], count: 2)
    let loader = BatchLoader(
      Ramps(), BatchRequest(order: [3], batchSize: 1), pipeline: InputPipeline(options(size: 2), views: views)
    )
    #expect(throws: DataProblem("ramp/3", "has 2 views, but 1 boxes were made for them", by: "FixedBoxes")) {
      try loader.next()
    }
  }
}
