import Support

/// The header of a safetensors file, read strictly: what the format does not allow is refused, and nothing a file
/// says is believed before it has been checked.
///
/// Grammar: one JSON object; under each name `{"dtype": text, "shape": [n, ...], "data_offsets": [n, n]}`, and under
/// `__metadata__` an object of texts. There is no nesting beyond that, so the reader does not recurse.
struct WeightHeader {
  /// One array: where it lies after the header, and how.
  struct Entry {
    let name: String
    let type: NumberType
    let shape: [Int]
    let count: Int
    let begin: Int
    let end: Int
  }

  /// Something the header may not contain; the sentence follows "is not a valid safetensors file: ".
  struct Problem: Error, Equatable {
    let message: String
    init(_ message: String) { self.message = message }
  }

  /// In the order in which they lie in the file.
  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]
  /// Where in the header the 64 digits of the digest stand.
  private(set) var digestPlace: Range<Int>?

  /// - Parameter dataLength: how many bytes follow the header.
  init(_ bytes: [UInt8], dataLength: Int) throws(Problem) {
    var scanner = JSONScanner(bytes: bytes)
    guard bytes.first == UInt8(ascii: "{") else { throw Problem("its header does not begin with {") }
    var names = Set<String>()
    try scanner.object { scanner, name throws(Problem) in
      guard names.insert(name).inserted else { throw Problem("the name \"\(name.printable)\" comes twice") }
      if name == "__metadata__" {
        try readMetadata(&scanner)
      } else {
        entries.append(try Self.entry(name, &scanner))
      }
    }
    try scanner.end()
    entries.sort { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
    try checkCover(dataLength)
  }

  private mutating func readMetadata(_ scanner: inout JSONScanner) throws(Problem) {
    try scanner.object { scanner, key throws(Problem) in
      let (value, place) = try scanner.placedString()
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw Problem("the metadata key \"\(key.printable)\" comes twice")
      }
      if key == WeightFile.digestKey, place.count == 64 { digestPlace = place }
    }
  }

  private static func entry(_ name: String, _ scanner: inout JSONScanner) throws(Problem) -> Entry {
    var type: NumberType?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { scanner, key throws(Problem) in
      switch key {
      case "dtype" where type == nil:
        let text = try scanner.string()
        guard let known = NumberType(rawValue: text) else {
          throw Problem("\"\(name.printable)\" has the unknown dtype \"\(text.printable)\"")
        }
        type = known
      case "shape" where shape == nil: shape = try scanner.integers()
      case "data_offsets" where offsets == nil: offsets = try scanner.integers()
      default: throw Problem("\"\(name.printable)\" has an unknown or repeated key \"\(key.printable)\"")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw Problem("\"\(name.printable)\" lacks dtype, shape or a pair of data_offsets")
    }
    guard offsets[0] <= offsets[1] else {
      throw Problem("the offsets of \"\(name.printable)\" run backwards")
    }
    guard shape.count <= 16, let count = product(shape), let size = product([count, type.size]) else {
      throw Problem("the shape of \"\(name.printable)\" is too large")
    }
    guard size == offsets[1] - offsets[0] else {
      throw Problem(
        "\"\(name.printable)\" of shape \(shape) needs \(size) bytes, its offsets hold \(offsets[1] - offsets[0])"
      )
    }
    return Entry(name: name, type: type, shape: shape, count: count, begin: offsets[0], end: offsets[1])
  }

  /// The arrays must cover the data without holes or overlaps.
  private func checkCover(_ dataLength: Int) throws(Problem) {
    var reached = 0
    for entry in entries {
      guard entry.begin == reached else {
        let fault = entry.begin < reached ? "overlaps another array" : "follows a hole"
        throw Problem("\"\(entry.name.printable)\" \(fault)")
      }
      reached = entry.end
    }
    guard reached == dataLength else {
      throw Problem(
        reached > dataLength
          ? "its arrays need \(reached) bytes, only \(dataLength) are there: the file was cut short"
          : "\(dataLength - reached) bytes after the last array belong to nothing")
    }
  }

  /// The product, or nil where it overflows. Negative numbers never come from the scanner.
  static func product(_ factors: [Int]) -> Int? {
    if factors.contains(0) { return 0 }
    var result = 1
    for factor in factors {
      let (next, overflow) = result.multipliedReportingOverflow(by: factor)
      guard !overflow else { return nil }
      result = next
    }
    return result
  }
}

/// How a file stores numbers.
package enum NumberType: String, Sendable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case brainFloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes per number.
  var size: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .brainFloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// The numbers as floats; little-endian.
  func floats(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>) {
    func convert<Stored>(_ type: Stored.Type, _ toFloat: (Stored) -> Float) where Stored: BitwiseCopyable {
      for index in target.indices {
        target[index] = toFloat(bytes.loadUnaligned(fromByteOffset: index * size, as: Stored.self))
      }
    }
    switch self {
    case .float64: convert(Double.self) { Float($0) }
    case .float32: convert(Float.self) { $0 }
    case .float16: convert(UInt16.self) { Float(Float16(bitPattern: $0)) }
    case .brainFloat16: convert(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .int64: convert(Int64.self) { Float($0) }
    case .int32: convert(Int32.self) { Float($0) }
    case .int16: convert(Int16.self) { Float($0) }
    case .int8: convert(Int8.self) { Float($0) }
    case .uint8, .bool: convert(UInt8.self) { Float($0) }
    }
  }
}
