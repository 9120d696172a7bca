import CKernels
import Foundation
import TestSupport
import Testing

@testable import TensorKit

/// Each kind of loop that this CPU has against the definition in double precision, at widths that vectors do and do
/// not divide, with a wall behind each target that no loop may write to.
@Suite("Pictures, every kind of kernel")
struct ImageKernelTests {
  static let widths = [1, 2, 5, 17, 64, 131]

  /// A value behind the end tells whether it was overwritten.
  private func check(
    _ name: String, _ found: [Float], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let wrong = zip(found, expected).first { !(abs(Double($0) - $1) <= 3e-6) }
    #expect(
      wrong == nil && found.count == expected.count + 1 && found.last?.isNaN == true, "\(name)",
      sourceLocation: sourceLocation)
  }

  private func target(_ count: Int) -> [Float] { Array(repeating: .nan, count: count + 1) }

  private func picture(_ count: Int) -> [Float] { uniform("picture", count).map { ($0 + 1) / 2 } }

  @Test("lines of floats and of bytes, mixed", arguments: Kernels.best.runnable, widths)
  func rows(kernels: Kernels, width: Int) {
    let n = 3 * width, weights: [Float] = [0.25, 0.5, 0.125], lines = picture(3 * n)
    let bytes = lines.map { UInt8($0 * 255) }
    let mixed = { (value: (Int) -> Double) in
      (0..<n).map { i in (0..<3).reduce(0.0) { $0 + Double(weights[$1]) * value($1 * n + i) } }
    }
    var y = target(n)
    arbex_mix_rows_in(kernels.variant, &y, lines, n, weights, 3, n)
    check("floats", y, mixed { Double(lines[$0]) })
    y = target(n)
    arbex_mix_byte_rows_in(kernels.variant, &y, bytes, n, weights, 3, 1 / 255, n)
    check("bytes", y, mixed { Double(bytes[$0]) / 255 })
  }

  @Test("pixels of a line, mixed", arguments: Kernels.best.runnable, widths)
  func pixels(kernels: Kernels, width: Int) {
    let rows = 5, source = width + 2, stride = 3 * source + 1
    let x = picture(rows * stride), weights = uniform("weights", 3 * width)
    let starts = (0..<width).map { Int32($0 * 7 % width) }
    var y = target(rows * width * 3)
    arbex_mix_pixels_in(kernels.variant, &y, 3 * width, x, stride, rows, starts, weights, 3, width)
    let expected = (0..<rows * width * 3).map { index -> Double in
      let (row, pixel, channel) = (index / (3 * width), index / 3 % width, index % 3)
      return (0..<3).reduce(0.0) { sum, t in
        sum + Double(weights[3 * pixel + t])
          * Double(x[row * stride + 3 * (Int(starts[pixel]) + t) + channel])
      }
    }
    check("pixels", y, expected)
  }

  /// From above the top left corner to below the lower right one; the definition holds places at the border.
  @Test("a slanted walk over a picture and beyond it", arguments: Kernels.best.runnable, widths)
  func walk(kernels: Kernels, steps: Int) {
    for (width, height) in [(2, 2), (3, 2), (9, 7)] {
      let x = picture(width * height * 3)
      let (dx, dy) = (Float(width + 4) / Float(steps), Float(height + 3) / Float(steps))
      var y = target(steps * 3)
      let walk = arbex_walk(first: 0.5, dx: dx, dy: dy, x: -2, y: -1)
      arbex_walk_pixels_in(kernels.variant, &y, x, width, height, walk, steps)
      var expected: [Double] = []
      for step in 0..<steps {
        let at = { (slope: Float, start: Double, side: Int) -> (Int, Int, Double) in
          let place = min(max(Double(slope) * (0.5 + Double(step)) + start, 0), Double(side - 1))
          return (Int(place), min(Int(place) + 1, side - 1), place - place.rounded(.down))
        }
        let (left, right, shareX) = at(dx, -2, width), (top, bottom, shareY) = at(dy, -1, height)
        for channel in 0..<3 {
          let value = { (row: Int, column: Int) in Double(x[(row * width + column) * 3 + channel]) }
          let above = value(top, left) * (1 - shareX) + value(top, right) * shareX
          let below = value(bottom, left) * (1 - shareX) + value(bottom, right) * shareX
          expected.append(above * (1 - shareY) + below * shareY)
        }
      }
      // Places are reckoned in single precision, so a value may be off by that much of a neighbour's distance.
      check("\(width)x\(height)", y, expected)
    }
    var y = target(3)
    let nowhere = arbex_walk(first: 0, dx: 0, dy: 0, x: .nan, y: -.infinity)
    arbex_walk_pixels_in(kernels.variant, &y, picture(12), 2, 2, nowhere, 1)
    check("not a number is the first pixel", y, picture(3).map(Double.init))
  }

  @Test("reversing and normalising", arguments: Kernels.best.runnable, widths)
  func moving(kernels: Kernels, width: Int) {
    let n = 3 * width, x = picture(n + 1)
    var y = target(n)
    arbex_reverse_pixels_in(kernels.variant, &y, x, width)
    check("reverse", y, (0..<n).map { Double(x[3 * (width - 1 - $0 / 3) + $0 % 3]) })
    y = target(n)
    let (mean, scale): ([Float], [Float]) = ([0.5, 0.25, 0.75], [2, 3, 4])
    arbex_normalize_pixels_in(kernels.variant, &y, x, mean, scale, width)
    check("normalize", y, (0..<n).map { (Double(x[$0]) - Double(mean[$0 % 3])) * Double(scale[$0 % 3]) })
  }

  @Test("lightness, scaling, saturation", arguments: Kernels.best.runnable, widths)
  func colours(kernels: Kernels, width: Int) {
    let n = 3 * width, x = picture(n)
    let within = { (value: Double) in min(1, max(0, value)) }
    let shares = [0.2989, 0.587, 0.114]
    let lightness = (0..<width).map { pixel -> Double in
      (0..<3).reduce(0.0) { $0 + shares[$1] * Double(x[3 * pixel + $1]) }
    }
    let sum = lightness.reduce(0, +)
    #expect(abs(arbex_lightness_sum_in(kernels.variant, x, width) - sum) < 1e-6 * Double(width))
    var y = x + [.nan]
    arbex_scale_within_unit_in(kernels.variant, &y, 2, -0.5, n)
    check("scale", y, x.map { within(2 * Double($0) - 0.5) })
    y = x + [.nan]
    arbex_saturate_in(kernels.variant, &y, 1.75, width)
    let saturated = (0..<n).map { index -> Double in
      let (own, grey) = (1.75 * Double(x[index]), 0.75 * lightness[index / 3])
      return within(own - grey)
    }
    check("saturate", y, saturated)
  }

  /// A full turn changes nothing, in one go or in three; a third of it moves a pure colour to the next channel. The
  /// greys, which have no hue, stay.
  @Test("the colour circle", arguments: Kernels.best.runnable, widths)
  func hue(kernels: Kernels, width: Int) {
    var x = picture(3 * width)
    for pixel in stride(from: 0, to: width, by: 4) {
      for channel in 1..<3 { x[3 * pixel + channel] = x[3 * pixel] }
    }
    var y = x + [.nan]
    for _ in 0..<3 { arbex_turn_hue_in(kernels.variant, &y, 2, width) }
    check("three thirds", y, x.map(Double.init))
    for _ in 0..<2 { arbex_turn_hue_in(kernels.variant, &y, -3, width) }
    check("two halves", y, x.map(Double.init))
    let pure = { (channel: Int) -> [Double] in (0..<3 * width).map { $0 % 3 == channel ? 1 : 0 } }
    y = pure(0).map(Float.init) + [.nan]
    arbex_turn_hue_in(kernels.variant, &y, 2, width)
    check("red is green", y, pure(1))
  }
}
