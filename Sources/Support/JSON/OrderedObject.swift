/// An object whose members keep their order, for lines and files that people read.
package struct OrderedObject {
  private var parts: [String] = []

  package init() {}

  /// Adds a member.
  package mutating func add(_ key: String, _ value: JSONValue) {
    parts.append(JSONValue.quoted(key) + ": " + value.oneLine)
  }
  /// Adds a number; null where there is none or it is not finite.
  package mutating func add(_ key: String, _ value: Double?) { add(key, JSONValue.number(value)) }
  /// Adds a whole number.
  package mutating func add(_ key: String, _ value: Int) { add(key, .int(value)) }
  /// Adds a text.
  package mutating func add(_ key: String, _ value: String) { add(key, .string(value)) }
  /// Adds an object.
  package mutating func add(_ key: String, _ value: OrderedObject) {
    parts.append(JSONValue.quoted(key) + ": " + value.text)
  }
  /// Adds a list of objects.
  package mutating func add(_ key: String, _ values: [OrderedObject]) {
    parts.append(JSONValue.quoted(key) + ": [" + values.map(\.text).joined(separator: ", ") + "]")
  }

  /// The object on one line. What is no text in the name of a file is escaped: `"caf\\xE9.jpg"`.
  package var text: String {
    let text = "{" + parts.joined(separator: ", ") + "}"
    return FileName.escaped(text, backslash: "\\\\")
  }
}
