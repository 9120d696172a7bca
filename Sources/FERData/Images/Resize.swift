import Support
import FERCore
import TensorKit

extension Image {
  /// The image stretched or shrunk to another size, in two passes, columns then rows, a few output rows at a time so that
  /// what lies between the passes stays in the cache. See ``ResizeTable`` for what `antialias` means. An image
  /// without pixels becomes black.
  package func resized(width newWidth: Int, height newHeight: Int, antialias: Bool) -> Image {
    if newWidth == width && newHeight == height { return self }
    let (newWidth, newHeight) = (max(0, newWidth), max(0, newHeight))
    guard width > 0, height > 0, newWidth > 0, newHeight > 0 else {
      return Image(width: newWidth, height: newHeight, colour: [0, 0, 0])
    }
    let (rows, columns) = (
      ResizeTable(from: width, to: newWidth, .bilinear, antialias: antialias),
      ResizeTable(from: height, to: newHeight, .bilinear, antialias: antialias)
    )
    let line = width * 3
    let result = [Float](unsafeUninitializedCapacity: newWidth * newHeight * 3) { target, count in
      count = newWidth * newHeight * 3
      guard let target = target.baseAddress else { return }
      if let eightBit {
        eightBit.withUnsafeBufferPointer { source in
          guard let source = source.baseAddress else { return }
          Self.resize(width: width, to: target, rows, columns) { start, weights, into in
            PixelLoops.mixRows(
              source + start * line, stride: line, weights: weights, taps: columns.taps, scale: 1 / 255,
              into: into, count: line)
          }
        }
      } else {
        pixels.withUnsafeBufferPointer { source in
          guard let source = source.baseAddress else { return }
          Self.resize(width: width, to: target, rows, columns) { start, weights, into in
            PixelLoops.mixRows(
              source + start * line, stride: line, weights: weights, taps: columns.taps, into: into,
              count: line)
          }
        }
      }
    }
    return Image(width: newWidth, height: newHeight, pixels: result)
  }

  /// - Parameter mix: makes one line of the old width: from source line `start` on, with these weights.
  private static func resize(
    width: Int, to target: UnsafeMutablePointer<Float>, _ rows: ResizeTable, _ columns: ResizeTable,
    mix: (_ start: Int, _ weights: UnsafePointer<Float>, _ into: UnsafeMutablePointer<Float>) -> Void
  ) {
    let (newLine, together) = (rows.starts.count * 3, 4)
    let stride = width * 3 + 1
    columns.weights.withUnsafeBufferPointer { weights in
      func line(_ y: Int, _ into: UnsafeMutablePointer<Float>) {
        guard let weights = weights.baseAddress else { return }
        mix(Int(columns.starts[y]), weights + y * columns.taps, into)
      }
      if width == rows.starts.count {
        for y in columns.starts.indices { line(y, target + y * newLine) }
        return
      }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: together * stride) { mixed in
        guard let mixed = mixed.baseAddress else { return }
        mixed.initialize(repeating: 0, count: together * stride)
        for first in Swift.stride(from: 0, to: columns.starts.count, by: together) {
          let count = min(together, columns.starts.count - first)
          for row in 0..<count { line(first + row, mixed + row * stride) }
          PixelLoops.mixPixels(
            mixed, stride: stride, rowCount: count, starts: rows.starts, weights: rows.weights,
            taps: rows.taps, into: target + first * newLine, targetStride: newLine, count: rows.starts.count)
        }
      }
    }
  }

  /// A single colour everywhere.
  package init(width: Int, height: Int, colour: [Float]) {
    require(colour.count == 3, "Image: a colour of \(colour.count) channels")
    let pixels = [Float](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      for pixel in 0..<width * height {
        for channel in 0..<3 { buffer[pixel * 3 + channel] = colour[channel] }
      }
      count = width * height * 3
    }
    self.init(width: width, height: height, pixels: pixels)
  }
}
