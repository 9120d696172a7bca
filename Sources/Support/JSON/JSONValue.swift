/// A value of JSON, and so of a recipe. The members of an object have no order; where one is wanted for people,
/// ``OrderedObject`` writes it.
public enum JSONValue: Sendable, Equatable {
  /// No value.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A whole number, also where it is written as 1e3 or 5.0.
  case int(Int)
  /// Any other number; infinite or not a number only in JSON5.
  case double(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Members by name.
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

  /// A finite number, whole or not; nil for anything else.
  package var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value) where value.isFinite: value
    default: nil
    }
  }

  /// The member of that name; nil where this is no object, or has no such member.
  public subscript(key: String) -> JSONValue? { members?[key] }

  /// What was found, for an error: `the text "ten"`, `2.5`, `a list` ...
  package var inWords: String {
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

  /// A list of texts.
  package static func texts(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }

  /// A number, or null where there is none or it is not finite.
  package static func number(_ value: Double?) -> JSONValue {
    guard let value, value.isFinite else { return .null }
    return .double(value)
  }
}

extension JSONValue {
  /// The values in it that hold no other by name, sorted by path. A list counts as one value, unless there are objects
  /// in it.
  package var leaves: [(path: JSONPath, value: JSONValue)] {
    var leaves: [(JSONPath, JSONValue)] = []
    func visit(_ value: JSONValue, _ path: JSONPath) {
      switch value {
      case .object(let members) where !members.isEmpty:
        for key in members.keys.sorted() { members[key].map { visit($0, path / key) } }
      case .array(let elements) where elements.contains { $0.members != nil }:
        for index in elements.indices { visit(elements[index], path / index) }
      default: leaves.append((path, value))
      }
    }
    visit(self, JSONPath())
    return leaves
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
  package func pretty(indent: Int = 0) -> String {
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
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.isControl:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
