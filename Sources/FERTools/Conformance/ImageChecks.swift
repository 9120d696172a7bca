import FERCore
import NeuralKit
import Support
import TensorKit

extension ConformanceKit {
  /// An augmentation leaves images that are images, whatever their size, and draws from its source alone. One with a
  /// `probability` changes some of many images, and none at 0.
  static func check(_ subject: Subject<any Augmentation>, _ found: inout Findings) throws {
    func applied(_ part: any Augmentation, to image: Image, size: Int, seed: UInt64) -> Image {
      var (image, random) = (image, RandomSource(seed: seed, stream: "augmentation"))
      part.apply(to: &image, size: size, random: &random)
      return image
    }
    let (part, fresh) = (try subject.make(), try subject.make())
    found.look(.finite)
    for (width, height) in [(1, 1), (1, 7), (7, 1), (48, 48)] {
      for seed in 0..<UInt64(16) {
        let image = image(width, height)
        let result = applied(part, to: image, size: 32, seed: seed)
        let isImage =
          result.width > 0 && result.height > 0 && result.pixels.count == result.width * result.height * 3
        guard isImage, result.pixels.allSatisfy(\.isFinite) else {
          found.add(
            .finite,
            "makes of an image of \(width)x\(height) one of \(result.width)x\(result.height) with "
              + "\(result.pixels.count { !$0.isFinite }) values that are not finite")
          continue
        }
        found.expect(
          [part, fresh].allSatisfy { applied($0, to: image, size: 32, seed: seed) == result }, .determinism,
          "makes another image of \(width)x\(height) pixels from the same random source")
      }
    }
    guard subject.hasOption("probability") else { return }
    let often = try subject.make(["probability": .double(0.5)])
    let never = try subject.make(["probability": .int(0)])
    let first = applied(often, to: image(48, 48), size: 32, seed: 0)
    found.expect(
      (1..<32).contains { applied(often, to: image(48, 48), size: 32, seed: $0) != first }, .randomness,
      "with probability 0.5, it does the same to 32 images with sources of their own")
    found.expect(
      (0..<8).allSatisfy { applied(never, to: image(32, 32), size: 32, seed: $0) == image(32, 32) }, .purpose,
      "with probability 0, it changes an image of the input size")
  }

  private static func image(_ width: Int, _ height: Int) -> Image {
    let values = SeededNumbers.uniform("conformance pixels", width * height * 3)
    return Image(width: width, height: height, pixels: values.map { ($0 + 1) / 2 })
  }

  /// Views are as many boxes as planned, inside images of any size, and follow from the random source.
  static func check(_ subject: Subject<any Views>, _ found: inout Findings) throws {
    let (part, fresh) = (try subject.make(), try subject.make())
    let plan = part.plan
    found.expect(
      plan.count >= 1 && plan.wholeFace.map((0..<max(0, plan.count)).contains) ?? true, .range,
      "plans \(plan.count) views, of which number \(plan.wholeFace ?? -1) shows the whole face")
    for (width, height) in [(8, 8), (9, 31), (48, 48), (112, 112), (640, 480)] {
      for seed in 0..<UInt64(16) {
        let random = RandomSource(seed: seed, stream: "views")
        let boxes = part.boxes(width: width, height: height, random: random)
        found.expect(
          boxes.count == plan.count, .shapes,
          "makes \(boxes.count) boxes of \(width)x\(height) pixels, planned are \(plan.count)")
        for box in boxes where !box.lies(inWidth: width, height: height) {
          found.add(.range, "a box of \(width)x\(height) pixels is empty or not inside: \(box)")
        }
        found.expect(
          fresh.boxes(width: width, height: height, random: random) == boxes, .determinism,
          "makes other boxes of \(width)x\(height) pixels from the same random source")
      }
    }
  }
}
