import FERCore
import Foundation

/// The contents of a small `.npy` file: numbers or texts, never objects.
///
/// Only what AffectNet's annotations need is read, and strictly: format versions 1 to 3, a header of exactly `descr`,
/// `fortran_order` and `shape`, and as many bytes as these say. Arrays of objects are programs for Python's `pickle`;
/// they are refused unread. Format: NumPy Enhancement Proposal 1.
struct NumpyFile {
  /// The elements, in the order of the file.
  enum Values: Equatable {
    case whole([Int])
    case real([Double])
    case texts([String])
  }

  /// The length along each axis; empty for a single value.
  let shape: [Int]
  let values: Values

  /// The most bytes that are read.
  static let largest = 16 << 20

  /// Reads a file.
  /// - Throws: a ``DataProblem`` that names it.
  init(path: String) throws(DataProblem) {
    let bytes = try FileBytes.read(path, atMost: Self.largest)
    do { try self.init(bytes) } catch { throw DataProblem(path, error.description) }
  }

  /// What is wrong with the bytes.
  struct Problem: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// Reads a file's content.
  init(_ bytes: [UInt8]) throws(Problem) {
    guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)), bytes.count >= 10 else {
      throw Problem("is no .npy file: it does not begin with \\x93NUMPY")
    }
    let version = bytes[6]
    guard (1...3).contains(version) else {
      throw Problem("is of .npy format version \(version); 1 to 3 are read")
    }
    let start = version == 1 ? 10 : 12
    guard bytes.count >= start else { throw Problem("is cut off in its header") }
    let length =
      version == 1
      ? Int(bytes[8]) | Int(bytes[9]) << 8
      : Int(bytes[8]) | Int(bytes[9]) << 8 | Int(bytes[10]) << 16 | Int(bytes[11]) << 24
    guard length <= 65_535, length <= bytes.count - start else { throw Problem("is cut off in its header") }
    let header = try NumpyHeader(String(decoding: bytes[start..<start + length], as: UTF8.self))
    let count = try header.count()
    let data = bytes[(start + length)...]
    let (needed, overflow) = count.multipliedReportingOverflow(by: header.itemSize)
    guard !overflow, needed == data.count else {
      throw Problem(
        "holds \(data.count) bytes of data, its header asks for \(overflow ? "more" : "\(needed)")")
    }
    shape = header.shape
    values = try header.values(Array(data), count)
  }

  /// The whole number that the file holds, be it a number or its digits; nil where it is none or several.
  var wholeNumber: Int? {
    switch values {
    case .whole(let numbers): numbers.count == 1 ? numbers[0] : nil
    case .real(let numbers): numbers.count == 1 ? Int(exactly: numbers[0]) : nil
    case .texts(let texts): texts.count == 1 ? Int(texts[0]) : nil
    }
  }
}

/// The header of a `.npy` file: a Python dictionary of three entries.
private struct NumpyHeader {
  private let isBigEndian: Bool
  private let kind: Character
  private let width: Int
  let shape: [Int]

  /// Bytes of an element.
  var itemSize: Int { kind == "U" ? width * 4 : width }

  init(_ text: String) throws(NumpyFile.Problem) {
    var entries = try Self.entries(text)
    guard let type = entries.removeValue(forKey: "descr"),
      let order = entries.removeValue(forKey: "fortran_order"),
      let shape = entries.removeValue(forKey: "shape"), entries.isEmpty
    else { throw NumpyFile.Problem("has a header with other entries than descr, fortran_order and shape") }
    guard order == "False" || order == "True" else {
      throw NumpyFile.Problem("has a fortran_order of \(order.prefix(20))")
    }
    (isBigEndian, kind, width) = try Self.type(type)
    self.shape = try Self.shape(shape)
    guard order == "False" || self.shape.count < 2 else {
      throw NumpyFile.Problem("is stored in Fortran's order")
    }
  }

  /// The number of elements.
  func count() throws(NumpyFile.Problem) -> Int {
    var count = 1
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow else { throw NumpyFile.Problem("has a shape too large for any file") }
      count = product
    }
    return count
  }

  /// `{'descr': '<U1', 'fortran_order': False, 'shape': (), }` cut into its entries. Values are a text between quotation
  /// marks, a list between brackets or parentheses without others in it, or a word.
  private static func entries(_ text: String) throws(NumpyFile.Problem) -> [String: String] {
    let problem = NumpyFile.Problem("has a header that is no dictionary")
    var rest = text.trimmingCharacters(in: .whitespacesAndNewlines)[...]
    guard rest.first == "{", rest.last == "}" else { throw problem }
    rest = rest.dropFirst().dropLast()
    var entries: [String: String] = [:]
    while true {
      rest = rest.drop(while: \.isWhitespace)
      guard let quote = rest.first else { return entries }
      guard quote == "'" || quote == "\"", let end = rest.dropFirst().firstIndex(of: quote) else {
        throw problem
      }
      let key = String(rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[rest.index(after: end)...].drop(while: \.isWhitespace)
      guard rest.first == ":" else { throw problem }
      rest = rest.dropFirst().drop(while: \.isWhitespace)
      let closing: Character? =
        switch rest.first {
        case "(": ")"
        case "[": "]"
        case "'": "'"
        case "\"": "\""
        default: nil
        }
      let value: Substring
      if let closing {
        guard let end = rest.dropFirst().firstIndex(of: closing) else { throw problem }
        value = rest[...end]
      } else {
        value = rest.prefix { $0.isLetter || $0.isNumber }
      }
      guard !value.isEmpty, entries.updateValue(String(value), forKey: key) == nil else { throw problem }
      rest = rest[value.endIndex...].drop(while: \.isWhitespace)
      guard rest.isEmpty || rest.first == "," else { throw problem }
      rest = rest.dropFirst()
    }
  }

  private static func type(_ value: String) throws(NumpyFile.Problem) -> (Bool, Character, Int) {
    guard let quote = value.first, quote == "'" || quote == "\"" else {
      throw NumpyFile.Problem("is an array of records; numbers and texts are read")
    }
    var word = value.dropFirst().dropLast()
    if word.contains("O") {
      throw NumpyFile.Problem(
        "is an array of Python objects, which only running them could read; save it as numbers or texts")
    }
    let order = word.first.map { "<>|=".contains($0) ? $0 : "<" } ?? "<"
    if let first = word.first, "<>|=".contains(first) { word = word.dropFirst() }
    let kinds: [Character: [Int]] = ["b": [1], "i": [1, 2, 4, 8], "u": [1, 2, 4, 8], "f": [4, 8]]
    guard let kind = word.first, let width = Int(word.dropFirst()), width >= 0,
      kinds[kind]?.contains(width) ?? ((kind == "U" || kind == "S") && width <= 4096)
    else {
      throw NumpyFile.Problem("is of the type \(value.prefix(24)); whole and real numbers and texts are read")
    }
    return (order == ">", kind, width)
  }

  private static func shape(_ value: String) throws(NumpyFile.Problem) -> [Int] {
    let problem = NumpyFile.Problem("has no shape such as (3,): \(value.prefix(24))")
    guard value.hasPrefix("("), value.hasSuffix(")") else { throw problem }
    let words = value.dropFirst().dropLast().split(separator: ",").map { $0.filter { !$0.isWhitespace } }
    var shape: [Int] = []
    for word in words where !word.isEmpty {
      guard let length = Int(word), length >= 0, shape.count < 32 else { throw problem }
      shape.append(length)
    }
    return shape
  }

  // MARK: elements

  func values(_ data: [UInt8], _ count: Int) throws(NumpyFile.Problem) -> NumpyFile.Values {
    if itemSize == 0 {
      // An array of empty texts has no bytes, however many there are.
      guard count <= 1 else { throw NumpyFile.Problem("holds \(count) empty texts") }
      return .texts([String](repeating: "", count: count))
    }
    let items = stride(from: 0, to: data.count, by: itemSize).map { data[$0..<$0 + itemSize] }
    switch kind {
    case "f": return .real(items.map(real))
    case "U", "S":
      var texts: [String] = []
      for item in items {
        guard
          let text = kind == "U" ? unicode(item) : String(validating: item.prefix { $0 != 0 }, as: UTF8.self)
        else { throw NumpyFile.Problem("holds a text that is no text") }
        texts.append(text)
      }
      return .texts(texts)
    default:
      var numbers: [Int] = []
      for item in items {
        guard let number = whole(item) else { throw NumpyFile.Problem("holds a number beyond 64 bits") }
        numbers.append(number)
      }
      return .whole(numbers)
    }
  }

  private func bits(_ item: ArraySlice<UInt8>) -> UInt64 {
    (isBigEndian ? Array(item) : item.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func whole(_ item: ArraySlice<UInt8>) -> Int? {
    guard kind == "i" else { return Int(exactly: bits(item)) }
    let unused = UInt64(64 - item.count * 8)
    return Int(Int64(bitPattern: bits(item) << unused) >> Int64(unused))
  }

  private func real(_ item: ArraySlice<UInt8>) -> Double {
    item.count == 4
      ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits(item)))) : Double(bitPattern: bits(item))
  }

  /// Four bytes a character, filled up with zeros.
  private func unicode(_ item: ArraySlice<UInt8>) -> String? {
    var text = String.UnicodeScalarView()
    for start in stride(from: item.startIndex, to: item.endIndex, by: 4) {
      let value = bits(item[start..<start + 4])
      if value == 0 { break }
      guard let scalar = UnicodeScalar(UInt32(truncatingIfNeeded: value)) else { return nil }
      text.append(scalar)
    }
    return String(text)
  }
}
