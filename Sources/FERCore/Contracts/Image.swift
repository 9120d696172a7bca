import Support

/// A decoded colour image: RGB, row by row, three values per pixel in 0...1.
public struct Image: Sendable, Equatable {
  /// Columns, in pixels.
  public let width: Int
  /// Rows, in pixels.
  public let height: Int
  /// `height * width * 3` values. An image of eight-bit values reckons them each time until something is changed.
  public var pixels: [Float] {
    get { eightBit.map(Self.floats) ?? floats }
    _modify {
      if let bytes = eightBit { floats = Self.floats(bytes) }
      eightBit = nil
      yield &floats
    }
  }
  /// The same in eight bits, 255 for 1, where the image was made of them and has not been changed.
  public private(set) var eightBit: [UInt8]?
  private var floats: [Float] = []

  /// - Precondition: `height * width * 3` pixels.
  public init(width: Int, height: Int, pixels: [Float]) {
    require(pixels.count == width * height * 3, "Image: \(pixels.count) values for \(width)x\(height)x3")
    self.width = width
    self.height = height
    floats = pixels
  }

  /// An image of eight-bit values; 255 becomes 1.
  /// - Precondition: `height * width * 3` values.
  public init(width: Int, height: Int, eightBit: [UInt8]) {
    require(
      eightBit.count == width * height * 3, "Image: \(eightBit.count) values for \(width)x\(height)x3")
    self.width = width
    self.height = height
    self.eightBit = eightBit
  }

  /// Whether size and values are the same, however they are kept.
  public static func == (first: Image, second: Image) -> Bool {
    first.width == second.width && first.height == second.height && first.pixels == second.pixels
  }

  private static func floats(_ bytes: [UInt8]) -> [Float] {
    [Float](unsafeUninitializedCapacity: bytes.count) { values, count in
      bytes.withUnsafeBufferPointer { bytes in
        for index in bytes.indices { values[index] = Float(bytes[index]) / 255 }
      }
      count = bytes.count
    }
  }
}
