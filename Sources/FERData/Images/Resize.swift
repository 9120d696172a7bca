import FERCore
import TensorKit

/// Resizing in two passes, columns then rows, a few output rows at a time so that what lies between the passes stays
/// in the cache. Each pass is a table: which source pixels make an output pixel, and with which weights.
struct ResizeTable {
  /// The first source pixel of each output pixel.
  private(set) var starts: [Int32] = []
  /// `taps` weights for each output pixel; unused ones are 0.
  private(set) var weights: [Float] = []
  /// The weights of each output pixel.
  private(set) var taps = 2

  /// Output pixel i lies at (i + ½) · in / out − ½ in the source.
  ///
  /// Without `antialias` it is mixed from its two neighbours, as by PyTorch's `F.interpolate(mode: "bilinear",
  /// align_corners: false)`. With it, shrinking averages over a triangle as wide as two output pixels, as
  /// Pillow's `resize(BILINEAR)` does, so that fine patterns do not turn into false ones.
  init(from source: Int, to target: Int, antialias: Bool) {
    guard source > 0, target > 0 else { return }
    starts.reserveCapacity(target)
    weights.reserveCapacity(target * 2)
    if source == target {
      taps = 1
      starts += 0..<Int32(target)
      weights += repeatElement(1, count: target)
    } else if antialias && source > target {
      fillTriangles(from: source, to: target)
    } else {
      fillNeighbours(from: source, to: target)
    }
  }

  private mutating func fillNeighbours(from source: Int, to target: Int) {
    taps = min(2, source)
    let scale = Float(source) / Float(target)
    for index in 0..<target {
      let position = max(0, (Float(index) + 0.5) * scale - 0.5)
      let first = min(Int(position), source - 1)
      let start = min(first, source - taps)
      let share = first > start ? 1 : position - Float(first)
      starts.append(Int32(start))
      if taps > 1 { weights.append(1 - share) }
      weights.append(taps > 1 ? share : 1)
    }
  }

  private mutating func fillTriangles(from source: Int, to target: Int) {
    let scale = Double(source) / Double(target)
    taps = min(source, Int((2 * scale).rounded(.up)) + 1)
    for index in 0..<target {
      let centre = (Double(index) + 0.5) * scale
      let first = max(0, Int(centre - scale + 0.5))
      let end = min(source, Int(centre + scale + 0.5))
      let start = min(first, source - taps)
      let weight = { (pixel: Int) -> Double in
        pixel < first || pixel >= end ? 0 : max(0, 1 - abs((Double(pixel) - centre + 0.5) / scale))
      }
      var total = 0.0
      for pixel in start..<start + taps { total += weight(pixel) }
      for pixel in start..<start + taps { weights.append(Float(weight(pixel) / total)) }
      starts.append(Int32(start))
    }
  }
}

extension Image {
  /// The image stretched or shrunk to another size. See ``ResizeTable`` for what `antialias` means. An image
  /// without pixels becomes black.
  public func resized(width newWidth: Int, height newHeight: Int, antialias: Bool) -> Image {
    if newWidth == width && newHeight == height { return self }
    let (newWidth, newHeight) = (max(0, newWidth), max(0, newHeight))
    guard width > 0, height > 0, newWidth > 0, newHeight > 0 else {
      return Image(width: newWidth, height: newHeight, colour: [0, 0, 0])
    }
    let (rows, columns) = (
      ResizeTable(from: width, to: newWidth, antialias: antialias),
      ResizeTable(from: height, to: newHeight, antialias: antialias)
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
              into: into,
              count: line)
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
            taps: rows.taps,
            into: target + first * newLine, targetStride: newLine, count: rows.starts.count)
        }
      }
    }
  }

  /// A single colour everywhere.
  public init(width: Int, height: Int, colour: [Float]) {
    precondition(colour.count == 3, "Image: a colour of \(colour.count) channels")
    let pixels = [Float](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      for pixel in 0..<width * height {
        for channel in 0..<3 { buffer[pixel * 3 + channel] = colour[channel] }
      }
      count = width * height * 3
    }
    self.init(width: width, height: height, pixels: pixels)
  }
}
