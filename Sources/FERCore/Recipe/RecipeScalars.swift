import Support

/// A value that a recipe writes without braces or brackets.
protocol RecipeScalar { static func read(_ value: JSONValue, _ path: JSONPath) throws(RecipeIssue) -> Self }
extension Bool: RecipeScalar {
  static func read(_ value: JSONValue, _ path: JSONPath) throws(RecipeIssue) -> Bool {
    if case .bool(let bool) = value { return bool }
    throw RecipeIssue(path, "must be true or false, is \(value.inWords)")
  }
}
extension String: RecipeScalar {
  static func read(_ value: JSONValue, _ path: JSONPath) throws(RecipeIssue) -> String {
    if case .string(let text) = value { return text }
    throw RecipeIssue(path, "must be text, is \(value.inWords)")
  }
}
extension FixedWidthInteger {
  fileprivate static func whole(_ value: JSONValue, _ path: JSONPath) throws(RecipeIssue) -> Self {
    guard case .int(let number) = value else {
      throw RecipeIssue(path, "must be a whole number, is \(value.inWords)")
    }
    if let exact = Self(exactly: number) { return exact }
    throw RecipeIssue(
      path, "must be a whole number of at least \(Self.min) and at most \(Self.max), is \(number)")
  }
}
extension Int: RecipeScalar {
  static func read(_ value: JSONValue, _ path: JSONPath) throws(RecipeIssue) -> Int { try whole(value, path) }
}
extension UInt64: RecipeScalar {
  static func read(_ value: JSONValue, _ path: JSONPath) throws(RecipeIssue) -> UInt64 {
    try whole(value, path)
  }
}
extension Double: RecipeScalar {
  static func read(_ value: JSONValue, _ path: JSONPath) throws(RecipeIssue) -> Double {
    switch value {
    case .int(let number): return Double(number)
    case .double(let number) where number.isFinite: return number
    case .double: throw RecipeIssue(path, "must be a finite number, is \(value.inWords)")
    default: throw RecipeIssue(path, "must be a number, is \(value.inWords)")
    }
  }
}
extension Float: RecipeScalar {
  static func read(_ value: JSONValue, _ path: JSONPath) throws(RecipeIssue) -> Float {
    let number = Float(try Double.read(value, path))
    guard number.isFinite else {
      throw RecipeIssue(path, "must be a number below 3.4e38, is \(value.inWords)")
    }
    return number
  }
}
