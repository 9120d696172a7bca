import FERCore
import FERTools
import NeuralKit
import TestSupport
import Testing

@testable import FERData

@Suite("Augmentations and datasets, by hand")
struct WorkedExamples {
  @Test("what was worked out comes out", arguments: augmentations + datasets)
  func comesOut(_ example: Example) throws { #expect(try example.check() == []) }

  @Test("every augmentation and dataset has an example")
  func complete() throws {
    let missing = try Example.missing(for: FERDataPlugin.self, among: Self.augmentations + Self.datasets)
    #expect(missing == [])
  }

  /// A grey image of these values, row by row.
  private static func grey(_ width: Int, _ height: Int, _ values: [Float]) -> Image {
    Image(width: width, height: height, pixels: values.flatMap { [$0, $0, $0] })
  }

  /// Three by two pixels, red, every value its own.
  private static let colours = Image(width: 3, height: 2, pixels: (1...18).map { Float($0) / 20 })

  private static let augmentations = [
    // Pixels 1, 2, 3 of each row become 3, 2, 1; the channels of each stay in their order.
    Example("augmentations/flip") {
      .image(
        colours, size: 3, through: Flip(.with { $0.probability = 1 }),
        becomes: Image(
          width: 3, height: 2,
          pixels: [7, 8, 9, 4, 5, 6, 1, 2, 3, 16, 17, 18, 13, 14, 15, 10, 11, 12].map { $0 / 20 }))
    },
    // The angle is drawn. By none nothing turns; by any, with the border held, one colour is mixed of itself alone.
    Example("augmentations/rotate", "by nothing") {
      .image(colours, size: 3, through: Rotate(.with { $0.degrees = 0 }), becomes: colours)
    },
    Example("augmentations/rotate", "one colour") {
      let plain = Image(width: 5, height: 4, colour: [0.25, 0.5, 0.75])
      return .image(plain, size: 5, through: Rotate(.with { $0.degrees = 180 }), becomes: plain)
    },
    Example("augmentations/affine", "that changes nothing") {
      let same = Affine(.with { ($0.degrees, $0.translate, $0.scaleMin, $0.scaleMax) = (0, 0, 1, 1) })
      return .image(colours, size: 3, through: same, becomes: colours)
    },
    // Each pixel comes from half as far from the centre. Values x + 5y over 14 rise evenly along both sides, so that
    // mixing is exact: at (u, v) from the centre 7 + u + 5v becomes 7 + (u + 5v) / 2, and u + 5v runs from −7 to 7.
    Example("augmentations/affine", "that only doubles") {
      let doubling = Affine(.with { ($0.degrees, $0.translate, $0.scaleMin, $0.scaleMax) = (0, 0, 2, 2) })
      return .image(
        grey(5, 3, (0...14).map { Float($0) / 14 }), size: 5, through: doubling,
        becomes: grey(5, 3, (-7...7).map { (7 + Float($0) / 2) / 14 }))
    },
    // Centred: starts at (4 − 2) / 2 = 1 and (3 − 2) / 2, rounded down, = 0.
    Example("augmentations/crop") {
      .image(
        grey(4, 3, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map { $0 / 11 }), size: 2,
        through: Crop(.with { $0.probability = 0 }), becomes: grey(2, 2, [1, 2, 5, 6].map { $0 / 11 }))
    },
    // Too small by two pixels: one of black on each side.
    Example("augmentations/crop", "of a smaller image") {
      .image(
        grey(1, 1, [1]), size: 3, through: Crop(.with { $0.border = .zero }),
        becomes: grey(3, 3, [0, 0, 0, 0, 1, 0, 0, 0, 0]))
    },
    // Two pixels to four: these lie at (x + 1/2) / 2 − 1/2 = −1/4, 1/4, 3/4, 5/4; what is outside is held.
    Example("augmentations/resize") {
      .image(
        grey(2, 1, [0, 1]), size: 4, through: RandomResize(.init()),
        becomes: grey(4, 4, (0..<4).flatMap { _ in [0, 0.25, 0.75, 1] as [Float] }))
    },
    // All of two by two pixels to one: their mean, (0 + 1/8 + 3/8 + 1) / 4. Two by one, with a shape of 2: (0 + 1) / 2.
    Example("augmentations/random-resized-crop") {
      let whole = RandomResizedCrop(.with { ($0.scaleMin, $0.aspectMin, $0.aspectMax) = (1, 1, 1) })
      return .image(grey(2, 2, [0, 0.125, 0.375, 1]), size: 1, through: whole, becomes: grey(1, 1, [0.375]))
    },
    Example("augmentations/random-resized-crop", "a wide one") {
      let whole = RandomResizedCrop(.with { ($0.scaleMin, $0.aspectMin, $0.aspectMax) = (1, 2, 2) })
      return .image(grey(2, 1, [0, 1]), size: 1, through: whole, becomes: grey(1, 1, [0.5]))
    },
    // Lightness as torchvision's `rgb_to_grayscale`: 0.2989 red + 0.587 green + 0.114 blue; last 0.2989 + 0.057.
    Example("augmentations/grey") {
      .image(
        Image(width: 4, height: 1, pixels: [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0.5]), size: 4,
        through: Grey(.with { $0.probability = 1 }), becomes: grey(4, 1, [0.2989, 0.587, 0.114, 0.3559]))
    },
    Example("augmentations/color", "of no strength") {
      let none = ColorJitter(.with { ($0.brightness, $0.contrast, $0.saturation) = (0, 0, 0) })
      return .image(colours, size: 3, through: none, becomes: colours)
    },
    // Any multiple of 0, and any mixture of it with a lightness of 0.
    Example("augmentations/color", "of black") {
      let strong = ColorJitter(
        .with { ($0.brightness, $0.contrast, $0.saturation, $0.hue) = (1, 1, 1, 0.5) })
      let black = grey(2, 1, [0, 0])
      return .image(black, size: 2, through: strong, becomes: black)
    },
    Example("augmentations/noise", "of no deviation") {
      .image(
        colours, size: 3, through: Noise(.with { ($0.deviation, $0.probability) = (0, 1) }), becomes: colours)
    },
    // All of a square's area in the shape of a square is the square.
    Example("augmentations/erase") {
      let all = try Erase(
        .with {
          ($0.probability, $0.areaMin, $0.areaMax, $0.aspectMin, $0.aspectMax) = (1, 1, 1, 1, 1)
          $0.value = [0.25, 0.5, 0.75]
        })
      return .image(
        grey(2, 2, [0, 1, 1, 0]), size: 2, through: all,
        becomes: Image(width: 2, height: 2, colour: [0.25, 0.5, 0.75]))
    },
    // The only choice.
    Example("augmentations/one-of") {
      let flip = Nested<any Augmentation>("flip") { Flip(.with { $0.probability = 1 }) }
      return .image(
        grey(2, 1, [0, 1]), size: 2, through: try OneOf(.with { $0.of = [flip] }),
        becomes: grey(2, 1, [1, 0]))
    },
  ]

  /// A tiny copy of a dataset, read with the classes of its authors in the opposite order: class k of C is C − 1 − k.
  private static func tiny(
    _ layout: Layout, split: String, holds samples: [(id: String, label: Int)]
  ) -> Example {
    Example("datasets/\(layout.dataset)", layout.form) {
      .folder(
        { path in
          _ = try layout.write(ScratchFolder(at: path))
          let options = layout.options(path).merging(["split": .string(split)]) { $1 }
          return try Layout.made(layout.dataset, .object(options))
        }, classes: layout.classes.reversed(), holds: samples)
    }
  }

  /// Four drawn faces of two classes, of which the first is a thousand times as frequent: 4 · 1000/1001, to the nearest
  /// whole number all four.
  private static func drawn(noise: Double, label: Int) -> WorkedExample {
    .folder(
      { _ in
        SyntheticFaces(.with { ($0.count, $0.size, $0.imbalance, $0.labelNoise) = (4, 16, 1000, noise) })
      }, classes: ["happy", "sad"], holds: (0..<4).map { ("synthetic/train/\($0)", label) })
  }

  private static let datasets = [
    // Labels 1...7 in the authors' order: class 0...6, so 6...0.
    tiny(
      .rafDB, split: "test",
      holds: (1...7).map { ("test_000\($0)_aligned.jpg", 7 - $0) }),
    // Frames labelled 7...0.
    tiny(.affWild2, split: "validation", holds: (1...8).map { ("video9/0000\($0).jpg", $0 - 1) }),
    // Rows of expressions 0...7; the three after them, 8...10, have no class.
    tiny(
      .affectNetTable, split: "validation",
      holds: (0..<8).map { ("\($0 % 3)/validation\($0).jpg", 7 - $0) }),
    // By number, not by letter: 7 before 14.
    tiny(
      .affectNetArrays, split: "validation",
      holds: [0, 7, 14, 21, 28, 35, 42, 49].enumerated().map { ("\($1).jpg", 7 - $0) }),
    // Eight of ten votes for class 0...7.
    tiny(.ferPlusPixels, split: "train", holds: (0..<8).map { ("fer000000\($0).png", 7 - $0) }),
    // The last seven of 21 rows are PrivateTest's, emotions 0...6.
    tiny(.fer2013Table, split: "test", holds: (0..<7).map { ("row \(14 + $0)", 6 - $0) }),
    // Three people with two takes of each expression, numbered through; codes are in the order of the classes' names.
    tiny(
      .jaffe, split: "all",
      holds: ["KA", "KL", "YM"].enumerated().flatMap { person, name in
        ["AN", "DI", "FE", "HA", "NE", "SA", "SU"].enumerated().flatMap { label, code in
          (1...2).map { ("\(name).\(code)\($0).\(14 * person + 2 * label + $0).tiff", 6 - label) }
        }
      }),
    // Six characters with three images of each expression; folders in the order of their names, as the classes are.
    tiny(
      .ferg, split: "all",
      holds: ["aia", "bonnie", "jules", "malcolm", "mery", "ray"].flatMap { who in
        ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"].enumerated().flatMap {
          label, name in (1...3).map { ("\(who)/\(who)_\(name)/\(who)_\(name)_\($0).png", 6 - label) }
        }
      }),
    // Rows 6...8 are the test's: angry, happy, sad.
    tiny(
      .manifest, split: "test", holds: [("faces 0/6.png", 2), ("faces 1/7.png", 1), ("faces 0/8.png", 0)]),
    // Class by class as the recipe has them, joy, anger, Fear; of each the files by name.
    tiny(
      .classFolders, split: "val",
      holds: [
        ("joy/1.png", 0), ("joy/2.png", 0), ("anger/1.png", 1), ("anger/2.png", 1), ("Fear/1.png", 2),
        ("Fear/2.png", 2),
      ]),
    Example("datasets/synthetic-faces") { drawn(noise: 0, label: 0) },
    // Every label becomes the only other class.
    Example("datasets/synthetic-faces", "all labels wrong") { drawn(noise: 1, label: 1) },
  ]
}
