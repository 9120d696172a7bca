import CKernels

/// Loops over rows of pixels, each three floats (red, green, blue) next to each other, for those who read and augment
/// pictures. They run the ``Kernels`` that the process has chosen; nothing is checked, the caller sees to the room.
package enum PixelLoops {
  /// Where a walk goes: step i is at (`dx` · s + `x`, `dy` · s + `y`) with s = `first` + i, in pixels from the top
  /// left one.
  package struct Walk {
    var walk: arbex_walk

    /// The walk of these five numbers.
    package init(first: Float, dx: Float, dy: Float, x: Float, y: Float) {
      walk = arbex_walk(first: first, dx: dx, dy: dy, x: x, y: y)
    }
  }

  /// `target[i]` is the sum of `weights[t] * rows[t * stride + i]` over `taps` weights, for i below `count`.
  package static func mixRows(
    _ rows: UnsafePointer<Float>, stride: Int, weights: UnsafePointer<Float>, taps: Int,
    into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    arbex_mix_rows(target, rows, stride, weights, taps, count)
  }

  /// The same of bytes, all multiplied by `scale`.
  package static func mixRows(
    _ rows: UnsafePointer<UInt8>, stride: Int, weights: UnsafePointer<Float>, taps: Int, scale: Float,
    into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    arbex_mix_byte_rows(target, rows, stride, weights, taps, scale, count)
  }

  /// Pixel i of each of `rowCount` rows is the sum of `weights[taps * i + t]` times pixel `starts[i] + t` over `taps`
  /// weights, for i below `count`. Behind each row of `source` one more float must be readable.
  package static func mixPixels(
    _ source: UnsafePointer<Float>, stride: Int, rowCount: Int, starts: UnsafePointer<Int32>,
    weights: UnsafePointer<Float>, taps: Int, into target: UnsafeMutablePointer<Float>, targetStride: Int,
    count: Int
  ) {
    arbex_mix_pixels(target, targetStride, source, stride, rowCount, starts, weights, taps, count)
  }

  /// The colours at `count` steps of a walk over a picture of at least 2 x 2 pixels, mixed bilinearly; steps outside
  /// are held at its border.
  package static func walk(
    _ walk: Walk, over source: UnsafePointer<Float>, width: Int, height: Int,
    into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    arbex_walk_pixels(target, source, width, height, walk.walk, count)
  }

  /// The last pixel first. Not in place; behind `source` one more float must be readable.
  package static func reverse(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    arbex_reverse_pixels(target, source, count)
  }

  /// The sum of 0.2989 red + 0.587 green + 0.114 blue over `count` pixels.
  package static func lightnessSum(_ source: UnsafePointer<Float>, count: Int) -> Double {
    arbex_lightness_sum(source, count)
  }

  /// Each of `count` floats becomes `scale` times itself plus `offset`, held within 0...1.
  package static func scale(_ values: UnsafeMutablePointer<Float>, by scale: Float, offset: Float, count: Int)
  {
    arbex_scale_within_unit(values, scale, offset, count)
  }

  /// Each colour of `count` pixels becomes `share` of itself and the rest of its lightness, held within 0...1.
  package static func saturate(_ pixels: UnsafeMutablePointer<Float>, share: Float, count: Int) {
    arbex_saturate(pixels, share, count)
  }

  /// Turns the hue of `count` pixels by -3...3 sixths of the colour circle.
  package static func turnHue(_ pixels: UnsafeMutablePointer<Float>, sixths: Float, count: Int) {
    arbex_turn_hue(pixels, sixths, count)
  }

  /// (value − mean) · scale for `count` pixels, with three means and three scales.
  package static func normalize(
    _ source: UnsafePointer<Float>, mean: [Float], scale: [Float], into target: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    require(
      mean.count == 3 && scale.count == 3, "normalize", "\(mean.count) means, \(scale.count) scales",
      "three colours")
    arbex_normalize_pixels(target, source, mean, scale, count)
  }
}
