import Foundation

/// What a recipe file can hold.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// The members of an object; nil for anything else.
  public var members: [String: JSONValue]? {
    if case .object(let members) = self { return members }
    return nil
  }

  /// The elements of a list; nil for anything else.
  public var elements: [JSONValue]? {
    if case .array(let elements) = self { return elements }
    return nil
  }

  /// The text of a string; nil for anything else.
  public var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// The member of that name; nil where this is no object, or has no such member.
  public subscript(key: String) -> JSONValue? { members?[key] }

  /// What was found, for an error: `the text "ten"`, `2.5`, `a list` ...
  public var inWords: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let value): "the text \(JSONValue.quoted(value))"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// What an `Encodable` value encodes to.
  /// - Throws: `EncodingError`, for instance where a number is not finite.
  public static func encoding(_ value: some Encodable) throws -> JSONValue {
    let data = try JSONEncoder().encode(value)
    return try JSON5Parser.parse(String(decoding: data, as: UTF8.self)).value
  }
}

// Written out: keys sorted, numbers in their shortest exact form, so that equal values give equal text.
extension JSONValue {
  /// The value on one line.
  public var oneLine: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let value): JSONValue.quoted(value)
    case .array(let elements): "[" + elements.map(\.oneLine).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { "\(JSONValue.quoted($0.key)): \($0.value.oneLine)" }
        .joined(separator: ", ") + "}"
    }
  }

  /// The value over several lines, two spaces an indent; what is short stays on one line. Ends without a newline.
  public func pretty(indent: Int = 0) -> String {
    let line = oneLine
    let isShort = line.count + indent <= 100
    let margin = String(repeating: " ", count: indent + 2)
    let end = "\n" + String(repeating: " ", count: indent)
    switch self {
    case .array(let elements) where !isShort:
      return "[\n" + elements.map { margin + $0.pretty(indent: indent + 2) }.joined(separator: ",\n") + end
        + "]"
    case .object(let members) where !members.isEmpty && (!isShort || indent < 4):
      let rows = members.sorted { $0.key < $1.key }.map { key, value in
        margin + JSONValue.quoted(key) + ": " + value.pretty(indent: indent + 2)
      }
      return "{\n" + rows.joined(separator: ",\n") + end + "}"
    default: return line
    }
  }

  /// A text between quotation marks, with control characters written as escapes.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _
      where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        || (0x2028...0x202E).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
