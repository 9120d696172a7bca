import FERCore

/// Resizing in two passes, rows then columns. Each pass is a table: which source pixels make an output pixel,
/// and with which weights.
struct ResizeTable {
  /// The first source pixel of each output pixel.
  private(set) var starts: [Int] = []
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
    if antialias && source > target {
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
      starts.append(start)
      weights += taps == 1 ? [1] : [1 - share, share]
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
      let raw = (start..<start + taps).map { pixel in
        pixel < first || pixel >= end ? 0 : max(0, 1 - abs((Double(pixel) - centre + 0.5) / scale))
      }
      let total = raw.reduce(0, +)
      starts.append(start)
      weights += raw.map { Float($0 / total) }
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
    let rows = ResizeTable(from: width, to: newWidth, antialias: antialias)
    let columns = ResizeTable(from: height, to: newHeight, antialias: antialias)
    let narrowed = Self.resizingRows(of: pixels, width: width, height: height, to: newWidth, rows)
    let result = Self.resizingColumns(of: narrowed, row: newWidth * 3, to: newHeight, columns)
    return Image(width: newWidth, height: newHeight, pixels: result)
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

  private static func resizingRows(
    of pixels: [Float], width: Int, height: Int, to newWidth: Int, _ table: ResizeTable
  ) -> [Float] {
    if width == newWidth { return pixels }
    return [Float](unsafeUninitializedCapacity: newWidth * height * 3) { target, count in
      pixels.withUnsafeBufferPointer { source in
        table.weights.withUnsafeBufferPointer { weights in
          for y in 0..<height {
            for x in 0..<newWidth {
              var from = (y * width + table.starts[x]) * 3
              var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
              for tap in x * table.taps..<(x + 1) * table.taps {
                red += weights[tap] * source[from]
                green += weights[tap] * source[from + 1]
                blue += weights[tap] * source[from + 2]
                from += 3
              }
              let to = (y * newWidth + x) * 3
              (target[to], target[to + 1], target[to + 2]) = (red, green, blue)
            }
          }
        }
      }
      count = newWidth * height * 3
    }
  }

  private static func resizingColumns(
    of pixels: [Float], row: Int, to newHeight: Int, _ table: ResizeTable
  ) -> [Float] {
    if pixels.count == row * newHeight { return pixels }
    return [Float](unsafeUninitializedCapacity: row * newHeight) { target, count in
      target.initialize(repeating: 0)
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<newHeight {
          let line = UnsafeMutableBufferPointer(rebasing: target[y * row..<(y + 1) * row])
          for tap in 0..<table.taps {
            let weight = table.weights[y * table.taps + tap]
            if weight == 0 { continue }
            let from = (table.starts[y] + tap) * row
            for x in 0..<row { line[x] += weight * source[from + x] }
          }
        }
      }
      count = row * newHeight
    }
  }
}
