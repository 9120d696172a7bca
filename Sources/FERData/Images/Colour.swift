import FERCore

extension Image {
  /// How light a colour looks (ITU-R BT.601), as Pillow and torchvision reckon it.
  @inline(__always)
  static func lightness(_ red: Float, _ green: Float, _ blue: Float) -> Float {
    0.2989 * red + 0.587 * green + 0.114 * blue
  }

  /// The mean lightness of all pixels; 0 where there are none.
  var meanLightness: Float {
    var total = 0.0
    pixels.withUnsafeBufferPointer { pixels in
      for pixel in stride(from: 0, to: pixels.count, by: 3) {
        total += Double(Self.lightness(pixels[pixel], pixels[pixel + 1], pixels[pixel + 2]))
      }
    }
    return pixels.isEmpty ? 0 : Float(total * 3 / Double(pixels.count))
  }

  /// Each value becomes `share` of itself and the rest of `other`, which is given the pixel's lightness; held
  /// within 0...1.
  mutating func mixColours(with other: (Float) -> Float, share: Float) {
    pixels.withUnsafeMutableBufferPointer { pixels in
      for pixel in stride(from: 0, to: pixels.count, by: 3) {
        let lightness = Self.lightness(pixels[pixel], pixels[pixel + 1], pixels[pixel + 2])
        let rest = (1 - share) * other(lightness)
        for index in pixel..<pixel + 3 { pixels[index] = min(1, max(0, share * pixels[index] + rest)) }
      }
    }
  }

  /// Turns the colour circle by `shift` of its whole.
  mutating func shiftHue(by shift: Float) {
    pixels.withUnsafeMutableBufferPointer { pixels in
      for pixel in stride(from: 0, to: pixels.count, by: 3) {
        let turned = Self.hueShifted(pixels[pixel], pixels[pixel + 1], pixels[pixel + 2], by: shift)
        (pixels[pixel], pixels[pixel + 1], pixels[pixel + 2]) = (turned.red, turned.green, turned.blue)
      }
    }
  }

  /// By way of hue, saturation and value.
  private static func hueShifted(
    _ red: Float, _ green: Float, _ blue: Float, by shift: Float
  ) -> (red: Float, green: Float, blue: Float) {
    let value = max(red, green, blue)
    let chroma = value - min(red, green, blue)
    guard chroma > 0 else { return (red, green, blue) }
    var hue: Float  // in sixths of the circle
    if value == red {
      hue = (green - blue) / chroma
    } else if value == green {
      hue = 2 + (blue - red) / chroma
    } else {
      hue = 4 + (red - green) / chroma
    }
    hue += 6 * shift
    // A channel is full within one sixth of its own hue, absent beyond two, and in between on a ramp.
    func channel(_ own: Float) -> Float {
      var distance = abs(hue - own).truncatingRemainder(dividingBy: 6)
      if distance > 3 { distance = 6 - distance }
      return value - chroma * min(1, max(0, distance - 1))
    }
    return (channel(0), channel(2), channel(4))
  }

  /// Paints a rectangle that lies within the image.
  mutating func fill(x: Int, y: Int, width fillWidth: Int, height fillHeight: Int, _ colour: [Float]) {
    let width = width
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in y..<y + fillHeight {
        for column in x..<x + fillWidth {
          for channel in 0..<3 { pixels[(row * width + column) * 3 + channel] = colour[channel] }
        }
      }
    }
  }
}
