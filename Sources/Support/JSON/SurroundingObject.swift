/// The only key of an object whose members belong to the object around it: `{"a": 1, "group": {"(members)": {"b": 2}}}`
/// stands for `{"a": 1, "b": 2}`.
package enum SurroundingObject: String, CodingKey { case members = "(members)" }

extension JSONValue {
  /// The value with the members of every ``SurroundingObject`` where they belong.
  var flattened: JSONValue {
    switch self {
    case .array(let elements): .array(elements.map(\.flattened))
    case .object(let members):
      .object(
        members.reduce(into: [:]) { result, member in
          let value = member.value.flattened
          if let inner = value[SurroundingObject.members.rawValue]?.members {
            result.merge(inner) { mine, _ in mine }
          } else {
            result[member.key] = value
          }
        })
    default: self
    }
  }
}
