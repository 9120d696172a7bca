import Foundation
import Support

/// Reads files of ONNX, knowing nothing of how they are written: fields by their numbers in `onnx.proto`.
struct ONNXReader {
  struct Damage: Error { let text: String }

  /// A field of a message: its number, and what it holds.
  enum Content {
    case varint(UInt64)
    case four(UInt32)
    case bytes(ArraySlice<UInt8>)
  }

  /// The fields of a message in their order.
  static func fields(_ bytes: ArraySlice<UInt8>) throws -> [(number: Int, content: Content)] {
    var (rest, found) = (bytes, [(number: Int, content: Content)]())
    while !rest.isEmpty {
      let key = try varint(&rest)
      switch key & 7 {
      case 0: found.append((Int(key >> 3), .varint(try varint(&rest))))
      case 2:
        let length = Int(try varint(&rest))
        guard length <= rest.count else { throw Damage(text: "a field of \(length) of \(rest.count) bytes") }
        found.append((Int(key >> 3), .bytes(rest.prefix(length))))
        rest = rest.dropFirst(length)
      case 5:
        guard rest.count >= 4 else { throw Damage(text: "half a number") }
        let number = rest.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        found.append((Int(key >> 3), .four(number)))
        rest = rest.dropFirst(4)
      default: throw Damage(text: "wire type \(key & 7)")
      }
    }
    return found
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
    var (value, shift) = (UInt64(0), UInt64(0))
    while let byte = rest.popFirst() {
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
      if shift > 63 { throw Damage(text: "an endless number") }
    }
    throw Damage(text: "the end within a number")
  }

  /// A message, read by the numbers of its fields.
  struct Message {
    private let fields: [(number: Int, content: Content)]

    init(_ bytes: ArraySlice<UInt8>) throws { fields = try ONNXReader.fields(bytes) }

    func integers(_ number: Int) -> [Int] {
      fields.compactMap { field in
        if field.number == number, case .varint(let value) = field.content {
          return Int(truncatingIfNeeded: value)
        }
        return nil
      }
    }
    func floats(_ number: Int) -> [Float] {
      fields.compactMap { field in
        if field.number == number, case .four(let bits) = field.content { return Float(bitPattern: bits) }
        return nil
      }
    }
    func bytes(_ number: Int) -> [ArraySlice<UInt8>] {
      fields.compactMap { field in
        if field.number == number, case .bytes(let value) = field.content { return value }
        return nil
      }
    }
    func texts(_ number: Int) -> [String] { bytes(number).map { String(decoding: $0, as: UTF8.self) } }
    func messages(_ number: Int) throws -> [Message] { try bytes(number).map(Message.init) }
    func text(_ number: Int) -> String { texts(number).first ?? "" }
    func integer(_ number: Int) -> Int { integers(number).first ?? 0 }
  }

  /// A whole file as text, a line for each thing in it. `Tests/ONNX/check.py --listing` makes the same text by the reader of ONNX.
  static func listing(_ file: [UInt8]) throws -> String {
    let model = try Message(file[...])
    let operators = try model.messages(8).map { "\($0.text(1)):\($0.integer(2))" }
    var lines = [
      "format \(model.integer(1)), operators \(operators.joined(separator: " ")), \(model.text(2))"
    ]
    // The hash of the recipe's text changes with every new option.
    for entry in try model.messages(14) where entry.text(1) != "recipeHash" {
      lines.append("text \(entry.text(1)) = \(entry.text(2))")
    }
    let graph = try model.messages(7)[0]
    lines.append("graph \(graph.text(2))")
    for value in try graph.messages(11) { lines.append("in \(try described(value))") }
    for value in try graph.messages(12) { lines.append("out \(try described(value))") }
    for array in try graph.messages(5) {
      let numbers = array.bytes(9)[0]
      let content =
        array.integer(2) == 7
        ? "int64 \(integers(numbers))"
        : "float32 \(numbers.count / 4) numbers, CRC-32 \(String(format: "%08x", checksum(numbers)))"
      lines.append("array \(array.text(8)) \(array.integers(1)): \(content)")
    }
    for node in try graph.messages(1) {
      let attributes = try node.messages(5).map(attribute).joined(separator: " ")
      lines.append(
        "\(node.text(4)) (\(node.texts(1).joined(separator: ", "))) -> \(node.texts(2).joined(separator: ", "))"
          + (attributes.isEmpty ? "" : " {\(attributes)}")
          + (node.text(6).isEmpty ? "" : " # \(node.text(6))"))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var sum = CRC32()
    bytes.withUnsafeBytes { sum.update($0) }
    return sum.value
  }

  private static func integers(_ bytes: ArraySlice<UInt8>) -> [Int] {
    stride(from: bytes.startIndex, to: bytes.endIndex, by: 8).map { start in
      Int(
        truncatingIfNeeded: bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
  }

  private static func described(_ value: Message) throws -> String {
    let tensor = try value.messages(2)[0].messages(1)[0]
    let shape = try tensor.messages(2)[0].messages(1).map { axis in
      axis.texts(2).first ?? "\(axis.integer(1))"
    }
    return "\(value.text(1)) type \(tensor.integer(1)) [\(shape.joined(separator: ", "))]"
  }

  private static func attribute(_ message: Message) throws -> String {
    switch message.integer(20) {
    case 1: "\(message.text(1))=bits:\(message.floats(2)[0].bitPattern)"
    case 2: "\(message.text(1))=\(message.integer(3))"
    case 7: "\(message.text(1))=\(message.integers(8))"
    default: throw Damage(text: "an attribute of type \(message.integer(20))")
    }
  }
}
