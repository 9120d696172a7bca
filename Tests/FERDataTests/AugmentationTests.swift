import FERCore
@testable import FERData
import NeuralKit
import Support
import TensorKit
import Testing

@Suite("Augmentations")
struct AugmentationTests {
  private func all() throws -> [(name: String, augmentation: any Augmentation)] {
    var jitter = ColorJitter.Options()
    jitter.hue = 0.5
    var crop = Crop.Options()
    crop.padding = 3
    return [
      ("affine", Affine(.init())), ("color", ColorJitter(jitter)),
      ("crop", Crop(.init())), ("padded crop", Crop(crop)),
      ("erase", try Erase(.init())), ("flip", Flip(.init())),
      ("grey", Grey(.init())), ("noise", Noise(.init())),
      ("random-resized-crop", RandomResizedCrop(.init())),
      ("resize", RandomResize(.init())), ("rotate", Rotate(.init())),
    ]
  }

  @Test("any size, no trap, values within 0...1, same source, same result")
  func anySize() throws {
    for (name, augmentation) in try all() {
      for (width, height) in [(1, 1), (1, 9), (9, 1), (2, 3), (8, 8), (40, 17)] {
        for sample in 0..<20 {
          var random = RandomSource(seed: 1, stream: name, sample: UInt64(sample))
          var again = random
          var (first, second) = (
            rampImage(width: width, height: height), rampImage(width: width, height: height)
          )
          augmentation.apply(to: &first, size: 8, random: &random)
          augmentation.apply(to: &second, size: 8, random: &again)
          #expect(first == second, "\(name)")
          #expect(first.pixels.allSatisfy { $0 >= 0 && $0 <= 1.00001 }, "\(name) \(width)x\(height)")
          #expect(first.width > 0 && first.height > 0)
        }
      }
    }
  }

  @Test("probability 0 changes nothing, probability 1 always something")
  func probability() throws {
    func check(_ never: any Augmentation, _ always: any Augmentation) {
      for sample in 0..<30 {
        var random = RandomSource(seed: 3, stream: "p", sample: UInt64(sample))
        var again = random
        var (first, second) = (rampImage(width: 12, height: 12), rampImage(width: 12, height: 12))
        never.apply(to: &first, size: 12, random: &random)
        always.apply(to: &second, size: 12, random: &again)
        #expect(first == rampImage(width: 12, height: 12), "\(type(of: never))")
        #expect(second != rampImage(width: 12, height: 12), "\(type(of: always))")
      }
    }
    var (flip, grey, noise, erase) = (Flip.Options(), Grey.Options(), Noise.Options(), Erase.Options())
    var (rotate, jitter, affine) = (Rotate.Options(), ColorJitter.Options(), Affine.Options())
    (flip.probability, grey.probability, noise.probability, erase.probability) = (0, 0, 0, 0)
    (rotate.probability, jitter.probability, affine.probability) = (0, 0, 0)
    let never: [any Augmentation] = [
      Flip(flip), Grey(grey), Noise(noise),
      try Erase(erase), Rotate(rotate), ColorJitter(jitter),
      Affine(affine),
    ]
    (flip.probability, grey.probability, noise.probability, erase.probability) = (1, 1, 1, 1)
    (rotate.probability, jitter.probability, affine.probability) = (1, 1, 1)
    let always: [any Augmentation] = [
      Flip(flip), Grey(grey), Noise(noise),
      try Erase(erase), Rotate(rotate), ColorJitter(jitter),
      Affine(affine),
    ]
    for (first, second) in zip(never, always) { check(first, second) }
  }

  /// With 3 pixels of padding a square of the image's own size starts at -3...3 on each side.
  @Test("a padded crop reaches every place, and no other")
  func paddedCrop() throws {
    var options = Crop.Options()
    options.padding = 3
    options.border = .zero
    let crop = Crop(options)
    var starts: [[Int]] = []
    for sample in 0..<2000 {
      var random = RandomSource(seed: 4, stream: "crop", sample: UInt64(sample))
      var image = Image(width: 8, height: 8, colour: [0, 0, 0])
      image.fill(x: 4, y: 4, width: 1, height: 1) { _ in 1 }
      crop.apply(to: &image, size: 8, random: &random)
      #expect(image.sides == [8, 8])
      guard let place = image.pixels.firstIndex(of: 1) else { continue }
      starts.append([4 - place / 3 % 8, 4 - place / 24])
    }
    #expect(starts.count == 2000)
    #expect(Set(starts).count == 49)
    #expect(starts.allSatisfy { (-3...3).contains($0[0]) && (-3...3).contains($0[1]) })
  }

  @Test("a crop of a larger image lies inside it; a smaller one is centred")
  func crop() throws {
    let crop = Crop(.init())
    let large = rampImage(width: 11, height: 9)
    for sample in 0..<50 {
      var random = RandomSource(seed: 4, stream: "crop", sample: UInt64(sample))
      var image = large
      crop.apply(to: &image, size: 8, random: &random)
      let matches = (0...3).contains { x in
        (0...1).contains { y in large.cropped(x: x, y: y, width: 8, height: 8) == image }
      }
      #expect(matches)
    }
    var (small, random) = (rampImage(width: 4, height: 4), RandomSource(seed: 1, stream: "crop"))
    crop.apply(to: &small, size: 8, random: &random)
    #expect(small == rampImage(width: 4, height: 4).cropped(x: -2, y: -2, width: 8, height: 8))
  }

  /// 20 pixels and a quarter of them either way: 15...25.
  @Test("resizing to random sides reaches all of them and no other; without a spread it goes to the side")
  func resize() throws {
    var options = RandomResize.Options()
    (options.side, options.spread) = (20, 0.25)
    let resize = RandomResize(options)
    var sides: Set<Int> = []
    for sample in 0..<500 {
      var (image, random) = (
        rampImage(width: 9, height: 5), RandomSource(seed: 4, stream: "r", sample: UInt64(sample))
      )
      resize.apply(to: &image, size: 8, random: &random)
      #expect(image.width == image.height)
      sides.insert(image.width)
    }
    #expect(sides == Set(15...25))
    var (image, random) = (rampImage(width: 9, height: 5), RandomSource(seed: 4, stream: "r"))
    RandomResize(.init()).apply(to: &image, size: 8, random: &random)
    #expect(image == rampImage(width: 9, height: 5).resized(width: 8, height: 8, antialias: true))
  }

  /// As torchvision documents: factors lie between max(0, 1 − strength) and 1 + strength, each as likely.
  @Test(
    "the factors of a colour jitter", arguments: [(0.4, 0.6, 1.4), (1.5, 0, 2.5)] as [(Float, Float, Float)])
  func factors(strength: Float, lowest: Float, highest: Float) throws {
    var options = ColorJitter.Options()
    (options.brightness, options.contrast, options.saturation, options.hue) = (strength, 0, 0, 0)
    let jitter = ColorJitter(options)
    var factors: [Float] = []
    for sample in 0..<2000 {
      var image = Image(width: 1, height: 1, colour: [0.25, 0.25, 0.25])
      var random = RandomSource(seed: 6, stream: "j", sample: UInt64(sample))
      jitter.apply(to: &image, size: 1, random: &random)
      factors.append(image.pixels[0] / 0.25)
    }
    let (least, most) = (factors.min() ?? 0, factors.max() ?? 0)
    #expect(
      least >= lowest - 1e-5 && least < lowest + 0.02 && most <= highest + 1e-5 && most > highest - 0.02)
    // The mean of 2000 equally likely factors is off by more than four deviations once in 16000 cases.
    let tolerance = 4 * (highest - lowest) / Float(12 * 2000).squareRoot()
    #expect(abs(factors.reduce(0, +) / 2000 - (lowest + highest) / 2) < tolerance)
  }

  /// 40 x 2 pixels hold no part of at least 90 % of them between 3:4 and 4:3. What is left is, in the middle, the
  /// largest part of such a shape: round(2 · 4/3) = 3 wide, at (40 − 3) / 2 = 18.
  @Test("where no random part fits, the largest allowed one in the middle is taken")
  func narrowImage() throws {
    var options = RandomResizedCrop.Options()
    (options.scaleMin, options.aspectMin, options.aspectMax) = (0.9, 0.75, 4 / 3)
    let crop = RandomResizedCrop(options)
    let (wide, high) = (rampImage(width: 40, height: 2), rampImage(width: 2, height: 40))
    var (first, second, random) = (wide, high, RandomSource(seed: 1, stream: "crop"))
    crop.apply(to: &first, size: 8, random: &random)
    #expect(
      first == wide.cropped(x: 18, y: 0, width: 3, height: 2).resized(width: 8, height: 8, antialias: true))
    crop.apply(to: &second, size: 8, random: &random)
    #expect(
      second == high.cropped(x: 0, y: 18, width: 2, height: 3).resized(width: 8, height: 8, antialias: true))
  }

  @Test("an erased rectangle has its area and becomes 0 by normalising")
  func erase() throws {
    var options = Erase.Options()
    options.probability = 1
    let erase = try Erase(options)
    for sample in 0..<100 {
      var random = RandomSource(seed: 5, stream: "erase", sample: UInt64(sample))
      var image = Image(width: 40, height: 40, colour: [1, 1, 1])
      erase.apply(to: &image, size: 40, random: &random)
      let erased = stride(from: 0, to: image.pixels.count, by: 3).filter { image.pixels[$0] != 1 }
      // 2 % to 10 % of 1600 pixels, with rounding of both sides.
      #expect((24...184).contains(erased.count), "\(erased.count)")
      var input = InputOptions()
      input.size = 40
      let values = try InputPipeline(input).evaluation(image, named: "")
      #expect(erased.allSatisfy { abs(values[$0]) + abs(values[$0 + 1]) + abs(values[$0 + 2]) < 1e-6 })
    }
  }

  @Test("each bad option is reported under its own key")
  func badOptions() {
    var erase = Erase.Options()
    (erase.areaMin, erase.aspectMin, erase.value) = (0.5, 5, [0, 0])
    #expect(erase.allIssues().map(\.key) == ["areaMin", "aspectMin", "value"])
    var affine = Affine.Options()
    affine.scaleMin = 2
    #expect(affine.allIssues().map(\.key) == ["scaleMin"])
    var resized = RandomResizedCrop.Options()
    (resized.scaleMin, resized.scaleMax, resized.aspectMin) = (2, 1.5, 3)
    #expect(resized.allIssues().map(\.key) == ["scaleMax", "scaleMin", "aspectMin"])
    (erase.areaMin, erase.aspectMin, erase.value, erase.deviation) = (0, 1, [0], [])
    #expect(erase.allIssues().map(\.key) == ["deviation"])
  }

  @Test("a word that an option does not know is told with those that it knows")
  func badWord() throws {
    let registry = try Registry(plugins: [FERDataPlugin.self])
    let text = problem {
      try registry.augmentations.entry("crop", at: JSONPath()).make(
        .object(["border": .string("mirror")]))
    }
    #expect(text.contains("border") && text.contains("must be one of edge, reflect, zero, is"))
  }

  /// 10 % of 200 x 200 pixels have 12000 values; the mean of as many standard normal numbers is off by more than
  /// 4 / √12000 once in 16000 cases, and so is their mean square by more than 4 · √(2 / 12000).
  @Test(
    "an erased rectangle of noise is standard normal by normalising, and lies where one of a colour would")
  func eraseWithNoise() throws {
    var options = Erase.Options()
    (options.probability, options.areaMin) = (1, 0.1)
    let plain = try Erase(options)
    options.fill = .noise
    let noisy = try Erase(options)
    var input = InputOptions()
    input.size = 200
    var images = [Image](repeating: Image(width: 200, height: 200, colour: [1, 1, 1]), count: 2)
    for (place, erase) in [plain, noisy].enumerated() {
      var random = RandomSource(seed: 3, stream: "erase")
      erase.apply(to: &images[place], size: 200, random: &random)
    }
    let changed = images.map { image in image.pixels.indices.filter { image.pixels[$0] != 1 } }
    #expect(changed[0] == changed[1])
    let all = try InputPipeline(input).evaluation(images[1], named: "")
    let values = changed[1].map { Double(all[$0]) }
    let count = Double(values.count)
    let (mean, square) = (values.reduce(0, +) / count, values.map { $0 * $0 }.reduce(0, +) / count)
    #expect(count > 11000 && abs(mean) < 4 / count.squareRoot())
    #expect(abs(square - 1) < 4 * (2 / count).squareRoot())
  }
}
