import FERCore
import TensorKit

/// One change of all colours, as torchvision's `adjust_...` make it; results are held within 0...1.
enum ColourStep: Equatable {
  /// Each value becomes this many times itself.
  case brightness(Float)
  /// Each value becomes this share of itself and the rest of the image's mean lightness.
  case contrast(Float)
  /// Each value becomes this share of itself and the rest of its pixel's lightness.
  case saturation(Float)
  /// The colour circle turns by this share of its whole.
  case hue(Float)
}

extension Image {
  /// The mean lightness of all pixels (ITU-R BT.601, as Pillow and torchvision reckon it); 0 where there are none.
  var meanLightness: Float {
    pixels.withUnsafeBufferPointer { pixels in
      guard let start = pixels.baseAddress, !pixels.isEmpty else { return 0 }
      return Float(PixelLoops.lightnessSum(start, count: pixels.count / 3) * 3 / Double(pixels.count))
    }
  }

  /// Makes the changes in their order.
  ///
  /// Contrast needs the mean of all that was changed before; otherwise the steps are taken together, piece by piece
  /// of the image, so that a piece is in the cache for all of them.
  mutating func change(_ steps: [ColourStep]) {
    pixels.withUnsafeMutableBufferPointer { pixels in
      guard let start = pixels.baseAddress, !pixels.isEmpty else { return }
      var ready: [Loop] = []
      for step in steps {
        switch step {
        case .brightness(let factor): ready.append(.scale(factor, 0))
        case .saturation(let share): ready.append(.saturate(share))
        case .hue(let shift): ready.append(.turn(6 * (shift - shift.rounded())))
        case .contrast(let share):
          let total = Self.run(ready, start, pixels.count / 3, summing: true)
          ready = [.scale(share, (1 - share) * Float(total * 3 / Double(pixels.count)))]
        }
      }
      _ = Self.run(ready, start, pixels.count / 3, summing: false)
    }
  }

  private enum Loop {
    case scale(Float, Float)
    case saturate(Float)
    case turn(Float)
  }

  /// Runs the loops piece by piece. The sum of the lightness afterwards, where it is wanted.
  private static func run(
    _ loops: [Loop], _ pixels: UnsafeMutablePointer<Float>, _ count: Int, summing: Bool
  ) -> Double {
    var total = 0.0
    for first in stride(from: 0, to: loops.isEmpty && !summing ? 0 : count, by: 1024) {
      let (piece, length) = (pixels + 3 * first, min(1024, count - first))
      for loop in loops {
        switch loop {
        case .scale(let scale, let offset):
          PixelLoops.scale(piece, by: scale, offset: offset, count: 3 * length)
        case .saturate(let share): PixelLoops.saturate(piece, share: share, count: length)
        case .turn(let sixths): PixelLoops.turnHue(piece, sixths: sixths, count: length)
        }
      }
      if summing { total += PixelLoops.lightnessSum(piece, count: length) }
    }
    return total
  }

  /// Paints a rectangle that lies within the image, row by row.
  /// - Parameter value: the value of a channel of the next pixel.
  mutating func fill(
    x: Int, y: Int, width fillWidth: Int, height fillHeight: Int, _ value: (_ channel: Int) -> Float
  ) {
    let width = width
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in y..<y + fillHeight {
        for column in x..<x + fillWidth {
          for channel in 0..<3 { pixels[(row * width + column) * 3 + channel] = value(channel) }
        }
      }
    }
  }
}
