/// What a file of weights turned out to hold; the same for every format.
struct WeightContents: Sendable {
  var format: WeightFormat
  var arrays: [ArrayPlace] = []
  /// Texts that travel with the numbers.
  var metadata: [String: String] = [:]
  var integrity = Integrity.none
  /// What was taken off to come to the arrays, from the outside in.
  var wrappers: [String] = []
  /// Classes and functions that the file names and that are no part of weights.
  var skipped: [String] = []
  /// What else lies in the file, and was left there.
  var besides: [String] = []

  /// How the file tells whether it is whole.
  enum Integrity: Sendable {
    case none
    /// A SHA-256 of the whole file, in whose place in the header zeros count.
    case digest(headerLength: Int, place: Range<Int>, expected: String)
    /// A CRC-32 of each of these ranges.
    case checksums([Checksum])
  }

  /// A range of bytes and what their CRC-32 must be.
  struct Checksum: Sendable {
    let name: String
    let range: Range<Int>
    let expected: UInt32
  }
}

/// The kinds of weight files.
package enum WeightFormat: String, Sendable {
  case safetensors = "safetensors"
  /// What `torch.save` writes since version 1.6.
  case pytorchZip = "PyTorch (zip)"
  /// What it wrote before.
  case pytorchLegacy = "PyTorch (before 1.6)"
}

/// Where an array lies in a file, and how.
struct ArrayPlace: Sendable {
  /// What an array needs at most of any file: more axes no network has.
  static let rankLimit = 16

  var name: String
  let type: NumberType
  let shape: [Int]
  let count: Int
  /// The byte at which its first number lies.
  let start: Int
  /// How many numbers lie between neighbours along each axis; nil where the numbers simply follow one another.
  var strides: [Int]? = nil

  /// Numbers from the first to the last one, those between included.
  var span: Int {
    guard let strides, count > 0 else { return count }
    return 1 + zip(shape, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
  }

  /// Copies the numbers, of which `source` holds the span, to their order.
  func gather(_ source: UnsafeBufferPointer<Float>, into target: UnsafeMutableBufferPointer<Float>) {
    guard let strides, count > 0 else { return }
    let (inner, innerStride) = (shape.last ?? 1, strides.last ?? 1)
    var index = [Int](repeating: 0, count: shape.count)
    var (place, from) = (0, 0)
    while place < count {
      for step in 0..<inner { target[place + step] = source[from + step * innerStride] }
      place += inner
      var axis = shape.count - 2
      while axis >= 0 {
        index[axis] += 1
        from += strides[axis]
        if index[axis] < shape[axis] { break }
        from -= index[axis] * strides[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }
}
