/// Reads the little JSON that a safetensors header may hold, byte by byte, in linear time and without recursion.
///
/// `JSON5Parser` could not stand in: it does not tell at which byte a text lies, which the digest has to know, it
/// would make a tree of a header of 100 MB, and it takes fifteen times as long at every start.
struct JSONScanner {
  typealias Problem = WeightHeader.Problem

  let bytes: [UInt8]
  private var place = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// `{ "key": value, ... }`; `value` must read exactly one value.
  mutating func object(_ value: (inout JSONScanner, String) throws(Problem) -> Void) throws(Problem) {
    try expect("{")
    if takes("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try value(&self, key)
    } while takes(",")
    try expect("}")
  }

  /// `[1, 2, ...]`, each at least 0.
  mutating func integers() throws(Problem) -> [Int] {
    try expect("[")
    var result: [Int] = []
    if takes("]") { return result }
    repeat { result.append(try integer()) } while takes(",")
    try expect("]")
    return result
  }

  /// A text.
  mutating func string() throws(Problem) -> String { try placedString().text }

  /// A text, and where the bytes between its quotes stand.
  mutating func placedString() throws(Problem) -> (text: String, place: Range<Int>) {
    try expect("\"")
    let start = place
    var text: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let valid = String(validating: text, as: UTF8.self) else {
          throw Problem("its header is not UTF-8 near byte \(start)")
        }
        return (valid, start..<place - 1)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<32: throw Problem("a text in its header holds a bare control character at byte \(place - 1)")
      default: text.append(byte)
      }
    }
    throw Problem("its header ends within a text")
  }

  /// Nothing but blanks may follow.
  mutating func end() throws(Problem) {
    skipBlanks()
    guard place == bytes.count else { throw Problem("its header goes on after its end, at byte \(place)") }
  }

  private mutating func integer() throws(Problem) -> Int {
    skipBlanks()
    let start = place
    var value = 0
    while place < bytes.count, (48...57).contains(bytes[place]) {
      let (tenfold, first) = value.multipliedReportingOverflow(by: 10)
      let (sum, second) = tenfold.addingReportingOverflow(Int(bytes[place] - 48))
      guard !first, !second else { throw Problem("a number in its header is too large, at byte \(start)") }
      value = sum
      place += 1
    }
    let hasLeadingZero = place - start > 1 && bytes[start] == 48
    guard place > start, !hasLeadingZero else {
      throw Problem("a whole number of at least 0 is missing in its header at byte \(start)")
    }
    return value
  }

  private mutating func escape(into text: inout [UInt8]) throws(Problem) {
    guard place < bytes.count else { throw Problem("its header ends within a text") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try escapedScalar()).utf8))
    default: throw Problem("a text in its header holds an unknown escape at byte \(place - 1)")
    }
  }

  private mutating func escapedScalar() throws(Problem) -> Unicode.Scalar {
    let first = try fourDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first), takesNow("\\"), takesNow("u") else {
      throw Problem("a text in its header holds half a character at byte \(place)")
    }
    let second = try fourDigits()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw Problem("a text in its header holds half a character at byte \(place)") }
    return scalar
  }

  private mutating func fourDigits() throws(Problem) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard place < bytes.count, let digit = Character(Unicode.Scalar(bytes[place])).hexDigitValue else {
        throw Problem("a text in its header holds a broken escape at byte \(place)")
      }
      value = value << 4 | UInt32(digit)
      place += 1
    }
    return value
  }

  private mutating func skipBlanks() {
    while place < bytes.count, [32, 9, 10, 13].contains(bytes[place]) { place += 1 }
  }

  private mutating func takesNow(_ character: Unicode.Scalar) -> Bool {
    guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func takes(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    return takesNow(character)
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Problem) {
    guard takes(character) else {
      throw Problem("its header is not the JSON it should be: no \(character) at byte \(place)")
    }
  }
}
