import ARBEx

/// A face detector for tests: whatever is pure red, column by column, is a face; the largest is the surest.
package struct RedFaces: FaceDetector {
  package struct Options: ComponentOptions {
    @Option("The fewest columns of a face.", 1...1000) package var columns = 1
    package init() {}
  }

  private let options: Options

  package init(_ options: Options) { self.options = options }

  package func faces(in image: Image) -> [DetectedFace] {
    let (pixels, width) = (image.bytes, image.width)
    let rows = (0..<width).map { x in
      (0..<image.height).filter { y in
        Array(pixels[(y * width + x) * 3..<(y * width + x) * 3 + 3]) == [255, 0, 0]
      }
    }
    var (boxes, start) = ([Box](), 0)
    for x in 0...width {
      let isRed = x < width && !rows[x].isEmpty
      if isRed && (x == 0 || rows[x - 1].isEmpty) { start = x }
      guard !isRed, x > start, !rows[x - 1].isEmpty, x - start >= options.columns else { continue }
      let inside = rows[start..<x].joined()
      boxes.append(Box(left: start, top: inside.min() ?? 0, right: x, bottom: (inside.max() ?? 0) + 1))
    }
    return boxes.map { DetectedFace(box: $0, score: Float(($0.right - $0.left) * ($0.bottom - $0.top))) }
      .sorted { $0.score > $1.score }
  }
}

/// Brings ``RedFaces`` as "red".
package enum RedFacesPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.faceDetectors.register("red", RedFaces.self, "what is pure red")
  }
}

/// Grey with red boxes, and something in each by which faces differ.
package func photograph(width: Int, height: Int, _ boxes: [Box]) -> Image {
  var pixels = [UInt8](repeating: 128, count: width * height * 3)
  for (index, box) in boxes.enumerated() {
    for y in box.top..<box.bottom {
      for x in box.left..<box.right {
        let isMark =
          y > box.top + 2 && y < box.top + 4 + 3 * (index + 1) && x > box.left + 2 && x < box.right - 3
        let colour: [UInt8] = isMark ? [10, UInt8(60 + 90 * index), 200] : [255, 0, 0]
        for channel in 0..<3 { pixels[(y * width + x) * 3 + channel] = colour[channel] }
      }
    }
  }
  return Image(width: width, height: height, eightBit: pixels)
}
