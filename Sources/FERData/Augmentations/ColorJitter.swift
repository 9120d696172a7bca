import FERCore
import NeuralKit
import TensorKit

/// Changes brightness, contrast, saturation and hue at random, in random order, as torchvision's `ColorJitter`.
///
/// A strength of 0.4 draws a factor between 0.6 and 1.4; hue is shifted by at most its strength of the colour
/// circle.
struct ColorJitter: Augmentation {
  struct Options: ComponentOptions {
    @Option("Strength of the change in brightness.", 0...10) var brightness: Float = 0.2
    @Option("Strength of the change in contrast.", 0...10) var contrast: Float = 0.2
    @Option("Strength of the change in saturation.", 0...10) var saturation: Float = 0.2
    @Option("Largest shift of hue, as a share of the colour circle.", 0...0.5) var hue: Float = 0
    @Option("The share of images that are changed.", 0...1) var probability: Float = 1
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    let isChanged = random.chance(options.probability)
    let order = random.shuffled([0, 1, 2, 3])
    let brightness = factor(options.brightness, &random)
    let contrast = factor(options.contrast, &random)
    let saturation = factor(options.saturation, &random)
    let hue = random.uniform(-options.hue, options.hue)
    guard isChanged else { return }
    let steps: [(strength: Float, step: ColourStep)] = [
      (options.brightness, .brightness(brightness)), (options.contrast, .contrast(contrast)),
      (options.saturation, .saturation(saturation)), (options.hue, .hue(hue)),
    ]
    image.change(order.map { steps[$0] }.filter { $0.strength > 0 }.map(\.step))
  }

  private func factor(_ strength: Float, _ random: inout RandomSource) -> Float {
    random.uniform(max(0, 1 - strength), 1 + strength)
  }
}
