/// One setting of a component: its default, its meaning and its range, in one place.
///
///     @Option("Anchors per class, K.", 1...) public var perClass = 10
///     @Option("Softmax temperature, in embedding units.", above: 0) public var delta: Float = 1
///
/// The recipe checker reads ranges and meanings from a default instance, so an option cannot be
/// declared without being documented, and none is checked in two places. It encodes as its bare value.
@propertyWrapper public struct Option<Value: OptionValue>: Codable, Sendable {
  /// The current value.
  public var wrappedValue: Value
  /// What the option means, in a sentence; units included.
  package let meaning: String
  /// What is allowed.
  package let range: OptionRange

  /// An option with any value of its type; one of a few words where the type is an ``OptionChoice``.
  public init(wrappedValue: Value, _ meaning: String) {
    self.init(wrappedValue: wrappedValue, meaning, range: OptionRange(choices: Value.choices))
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

  /// An option strictly above a bound, up to another.
  public init<Bound: OptionBound>(
    wrappedValue: Value, _ meaning: String, above lower: Bound, atMost upper: Bound
  ) {
    self.init(
      wrappedValue: wrappedValue, meaning,
      range: OptionRange(lower: lower.asDouble, upper: upper.asDouble, excludesLower: true))
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
package struct OptionRange: Sendable, Equatable {
  /// The smallest value, if there is one.
  package var lower: Double? = nil
  /// The largest value, if there is one.
  package var upper: Double? = nil
  /// Whether `lower` itself is refused.
  package var excludesLower = false
  /// Whether `upper` itself is refused.
  package var excludesUpper = false
  /// The words allowed; empty where any is.
  package var choices: [String] = []
}

/// A number that can bound an option.
public protocol OptionBound: Comparable, Sendable {
  /// The bound as a double.
  var asDouble: Double { get }
}
extension Int: OptionBound {
  /// The nearest double.
  public var asDouble: Double { Double(self) }
}
extension Float: OptionBound {
  /// The nearest double.
  public var asDouble: Double { Double(self) }
}
extension Double: OptionBound {
  /// The number itself.
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
  /// The words that the type allows; empty where it allows any.
  static var choices: [String] { get }
}
extension OptionValue {
  /// Any word is allowed.
  public static var choices: [String] { [] }
  /// The sentence for a word that the type does not allow; nil where it does, or knows no words.
  package static func problem(with word: String) -> String? {
    OptionRange(choices: choices).problem(with: word)
  }
  /// No range applies.
  public var numbers: [Double] { [] }
  /// No choices apply.
  public var words: [String] { [] }
}
extension Int: OptionValue {
  /// Without decimals, as Int holds.
  public static var kind: String { "whole number" }
  /// This one, as a double.
  public var numbers: [Double] { [Double(self)] }
}
extension Float: OptionValue {
  /// Finite, with or without decimals.
  public static var kind: String { "number" }
  /// This one, as a double.
  public var numbers: [Double] { [Double(self)] }
}
extension Double: OptionValue {
  /// Finite, with or without decimals.
  public static var kind: String { "number" }
  /// This one.
  public var numbers: [Double] { [self] }
}
extension Bool: OptionValue {
  /// The two words of JSON.
  public static var kind: String { "true or false" }
}
extension String: OptionValue {
  /// Any text, unless the option names its choices.
  public static var kind: String { "text" }
  /// The whole text.
  public var words: [String] { [self] }
}
extension Array: OptionValue where Element: OptionValue {
  /// After what its elements are.
  public static var kind: String { "list of \(Element.kind)" }
  /// Those of every element.
  public var numbers: [Double] { flatMap(\.numbers) }
  /// Those of every element.
  public var words: [String] { flatMap(\.words) }
  /// Those of an element.
  public static var choices: [String] { Element.choices }
}

/// A choice among a few words: an enumeration whose raw values are the words that recipes write.
///
///     enum Stem: String, OptionChoice { case large, small }
///     @Option("First convolution and pooling.") var stem = Stem.large
public protocol OptionChoice: OptionValue, CaseIterable, RawRepresentable<String> {}
extension OptionChoice {
  /// A recipe writes a text.
  public static var kind: String { String.kind }
  /// The raw value.
  public var words: [String] { [rawValue] }
  /// Every raw value.
  public static var choices: [String] { allCases.map(\.rawValue) }
}
