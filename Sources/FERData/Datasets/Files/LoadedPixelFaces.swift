import Support
import FERCore

/// Small grey faces out of a table of numbers, kept in memory: a byte for each pixel.
struct LoadedPixelFaces: LoadedDataset {
  /// Width and height of FER2013's faces.
  static let side = 48
  static let pixelCount = side * side

  let samples: [Sample]
  let folder: String
  let leftOut: [DataProblem]
  let notes: [String]
  let tables: [String]
  private let pixels: [UInt8]

  /// - Parameter pixels: the faces one after another, row by row.
  /// - Parameter tables: the files that they were read from.
  init(
    _ samples: [Sample], pixels: [UInt8], of folder: String, leftOut: [DataProblem], notes: [String],
    tables: [String]
  ) {
    require(pixels.count == samples.count * Self.pixelCount, "LoadedPixelFaces: \(pixels.count) pixels")
    (self.samples, self.pixels, self.leftOut, self.notes) = (samples, pixels, leftOut, notes)
    (self.folder, self.tables) = (folder, tables)
  }

  /// The face, its grey spread over three channels.
  func image(at index: Int) throws -> Image {
    let grey = pixels[index * Self.pixelCount..<(index + 1) * Self.pixelCount]
    let colour = [UInt8](unsafeUninitializedCapacity: Self.pixelCount * 3) { values, count in
      for (place, value) in grey.enumerated() { for channel in 0..<3 { values[place * 3 + channel] = value } }
      count = Self.pixelCount * 3
    }
    return Image(width: Self.side, height: Self.side, eightBit: colour)
  }

  /// Reads 2304 numbers 0...255 between spaces and appends them.
  /// - Returns: what is wrong; nothing is appended then.
  static func append(_ text: ArraySlice<UInt8>, to pixels: inout [UInt8]) -> String? {
    let start = pixels.count
    let problem = text.withUnsafeBufferPointer { parse($0, into: &pixels) }
    if problem != nil { pixels.removeLast(pixels.count - start) }
    return problem
  }

  private static func parse(_ text: UnsafeBufferPointer<UInt8>, into pixels: inout [UInt8]) -> String? {
    let start = pixels.count
    var (value, digits) = (0, 0)
    for place in 0...text.count {
      let byte = place < text.count ? text[place] : 0x20
      if TableReader.isSpace(byte) {
        guard digits > 0 else { continue }
        guard value <= 255 else { return "pixel \(pixels.count - start + 1) is not in 0...255" }
        pixels.append(UInt8(value))
        (value, digits) = (0, 0)
        if pixels.count - start > pixelCount { return "has more than \(pixelCount) pixels (\(side)x\(side))" }
      } else {
        guard byte >= 0x30, byte <= 0x39, digits < 3 else {
          return "pixel \(pixels.count - start + 1) is no whole number in 0...255"
        }
        (value, digits) = (value * 10 + Int(byte - 0x30), digits + 1)
      }
    }
    let found = pixels.count - start
    return found == pixelCount ? nil : "has \(found) pixels, should have \(pixelCount) (\(side)x\(side))"
  }
}
