/// One setting of a component: its default, its meaning and its range, in one place.
///
///     @Option("Anchors per class, K.", 1...) public var perClass = 10
///     @Option("Softmax temperature, in embedding units.", above: 0) public var delta: Float = 1
///
/// The recipe checker reads ranges and meanings from a default instance, so an option cannot be
/// declared without being documented, and none is checked in two places. It encodes as its bare value.
@propertyWrapper
public struct Option<Value: OptionValue>: Codable, Sendable {
  /// The current value.
  public var wrappedValue: Value
  /// What the option means, in a sentence; units included.
  public let meaning: String
  /// What is allowed.
  public let range: OptionRange

  /// An option with any value of its type.
  public init(wrappedValue: Value, _ meaning: String) {
    self.init(wrappedValue: wrappedValue, meaning, range: OptionRange())
  }

  /// An option of at least `range.lowerBound`.
  public init<Bound: OptionBound>(wrappedValue: Value, _ meaning: String, _ range: PartialRangeFrom<Bound>) {
    self.init(wrappedValue: wrappedValue, meaning, range: OptionRange(lower: range.lowerBound.asDouble))
  }

  /// An option between two bounds, both allowed.
  public init<Bound: OptionBound>(wrappedValue: Value, _ meaning: String, _ range: ClosedRange<Bound>) {
    self.init(
      wrappedValue: wrappedValue, meaning,
      range: OptionRange(lower: range.lowerBound.asDouble, upper: range.upperBound.asDouble))
  }

  /// An option between two bounds, the upper one excluded.
  public init<Bound: OptionBound>(wrappedValue: Value, _ meaning: String, _ range: Range<Bound>) {
    self.init(
      wrappedValue: wrappedValue, meaning,
      range: OptionRange(
        lower: range.lowerBound.asDouble, upper: range.upperBound.asDouble, excludesUpper: true))
  }

  /// An option strictly above a bound.
  public init<Bound: OptionBound>(wrappedValue: Value, _ meaning: String, above lower: Bound) {
    self.init(
      wrappedValue: wrappedValue, meaning, range: OptionRange(lower: lower.asDouble, excludesLower: true))
  }

  /// An option that is one of a few words.
  public init(wrappedValue: Value, _ meaning: String, oneOf choices: [String]) {
    self.init(wrappedValue: wrappedValue, meaning, range: OptionRange(choices: choices))
  }

  init(wrappedValue: Value, _ meaning: String, range: OptionRange) {
    self.wrappedValue = wrappedValue
    self.meaning = meaning
    self.range = range
  }

  /// Reads the bare value; meaning and range stay with the declaration's default instance.
  public init(from decoder: any Decoder) throws {
    self.init(wrappedValue: try decoder.singleValueContainer().decode(Value.self), "", range: OptionRange())
  }

  /// Writes the bare value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}

/// What values an ``Option`` allows. Applies to every element where the value is a list.
public struct OptionRange: Sendable, Equatable {
  /// The smallest value, if there is one.
  public var lower: Double? = nil
  /// The largest value, if there is one.
  public var upper: Double? = nil
  /// Whether `lower` itself is refused.
  public var excludesLower = false
  /// Whether `upper` itself is refused.
  public var excludesUpper = false
  /// The words allowed; empty where any is.
  public var choices: [String] = []
}

/// A number that can bound an option.
public protocol OptionBound: Comparable, Sendable {
  /// The bound as a double.
  var asDouble: Double { get }
}
extension Int: OptionBound {
  public var asDouble: Double { Double(self) }
}
extension Float: OptionBound {
  public var asDouble: Double { Double(self) }
}
extension Double: OptionBound {
  public var asDouble: Double { self }
}

/// A type an ``Option`` can hold.
public protocol OptionValue: Codable, Sendable, Equatable {
  /// The type's name as a recipe's author knows it: "whole number", "number", "text" ...
  static var kind: String { get }
  /// The numbers in this value that a range applies to.
  var numbers: [Double] { get }
  /// The words in this value that choices apply to.
  var words: [String] { get }
}
extension OptionValue {
  public var numbers: [Double] { [] }
  public var words: [String] { [] }
}
extension Int: OptionValue {
  public static var kind: String { "whole number" }
  public var numbers: [Double] { [Double(self)] }
}
extension Float: OptionValue {
  public static var kind: String { "number" }
  public var numbers: [Double] { [Double(self)] }
}
extension Double: OptionValue {
  public static var kind: String { "number" }
  public var numbers: [Double] { [self] }
}
extension Bool: OptionValue {
  public static var kind: String { "true or false" }
}
extension String: OptionValue {
  public static var kind: String { "text" }
  public var words: [String] { [self] }
}
extension Array: OptionValue where Element: OptionValue {
  public static var kind: String { "list of \(Element.kind)" }
  public var numbers: [Double] { flatMap(\.numbers) }
  public var words: [String] { flatMap(\.words) }
}
