import FERCore

/// An object whose members keep their order, for lines and files that people read.
struct OrderedObject {
  private var parts: [String] = []

  /// Adds a member.
  mutating func add(_ key: String, _ value: JSONValue) {
    parts.append(JSONValue.quoted(key) + ": " + value.oneLine)
  }
  /// Adds a number; null where there is none or it is not finite.
  mutating func add(_ key: String, _ value: Double?) { add(key, JSONValue.number(value)) }
  /// Adds a whole number.
  mutating func add(_ key: String, _ value: Int) { add(key, .int(value)) }
  /// Adds a text.
  mutating func add(_ key: String, _ value: String) { add(key, .string(value)) }
  /// Adds an object.
  mutating func add(_ key: String, _ value: OrderedObject) {
    parts.append(JSONValue.quoted(key) + ": " + value.text)
  }
  /// Adds a list of objects.
  mutating func add(_ key: String, _ values: [OrderedObject]) {
    parts.append(JSONValue.quoted(key) + ": [" + values.map(\.text).joined(separator: ", ") + "]")
  }

  /// The object on one line.
  var text: String { "{" + parts.joined(separator: ", ") + "}" }
}

extension JSONValue {
  /// A number, or null where there is none or it is not finite.
  static func number(_ value: Double?) -> JSONValue {
    guard let value, value.isFinite else { return .null }
    return .double(value)
  }
}

extension ConfusionMatrix {
  /// Accuracy, macro means, every class, the table; what is undefined is null.
  func json(classes: [String]) -> OrderedObject {
    var result = OrderedObject()
    result.add("accuracy", accuracy)
    result.add("macroPrecision", macroPrecision)
    result.add("macroRecall", macroRecall)
    result.add("macroF1", macroF1)
    result.add(
      "perClass",
      classes.indices.map { label in
        var row = OrderedObject()
        row.add("class", classes[label])
        row.add("precision", precision(label))
        row.add("recall", recall(label))
        row.add("f1", f1(label))
        row.add("support", support(label))
        return row
      })
    result.add("confusion", .array(counts.map { .array($0.map(JSONValue.int)) }))
    return result
  }
}
