/// What a recipe may set of a component: a struct of ``Option`` properties, whose `init()` gives the defaults.
public protocol ComponentOptions: Codable, Sendable {
  /// Every option at its default. What is at its default is always allowed.
  init()
  /// What is wrong between options (a single option's range is checked by its ``Option``).
  func issues() -> [OptionIssue]
}
extension ComponentOptions {
  /// Nothing can be wrong between options that do not depend on one another.
  public func issues() -> [OptionIssue] { [] }
}

/// The options of a component that has none.
public struct NoOptions: ComponentOptions {
  /// There is nothing to set.
  public init() {}
}

/// Something wrong with one option: its key, and the sentence that follows the key in a report.
public struct OptionIssue: Error, Equatable, Sendable {
  /// The option's key.
  public let key: String
  /// What was found and what is allowed: "must be at least 1, is 0".
  public let message: String

  /// An objection to the option `key`.
  public init(_ key: String, _ message: String) {
    self.key = key
    self.message = message
  }
}

/// What a person may want to know of one option before writing a recipe.
package struct OptionDescription: Sendable, Equatable {
  /// The option's key.
  package let key: String
  /// The type in words: "whole number", "list of text" ...
  package let kind: String
  /// The meaning in a sentence.
  package let meaning: String
  /// What is allowed.
  package let range: OptionRange
  let numbers: [Double]
  let words: [String]
}

/// What ``Option`` tells about itself without naming its value's type.
private protocol DescribedOption { func description(key: String) -> OptionDescription }
extension Option: DescribedOption {
  func description(key: String) -> OptionDescription {
    OptionDescription(
      key: key, kind: Value.kind, meaning: meaning, range: range,
      numbers: wrappedValue.numbers, words: wrappedValue.words)
  }
}

extension ComponentOptions {
  /// Every option with its meaning and range, in the order of declaration; a group's in the group's place.
  package static func described() -> [OptionDescription] { Self().current() }

  /// Values out of range, each under its key; where there are none, what ``issues()`` of these options and of their
  /// groups find.
  public func allIssues() -> [OptionIssue] {
    let declared = Self.described()
    let outOfRange = zip(declared, current()).flatMap { declaration, now in
      (now.numbers.compactMap(declaration.range.problem(with:))
        + now.words.compactMap(declaration.range.problem(with:))
        + OptionRange.problem(withCount: now.numbers.count))
        .prefix(1).map { OptionIssue(declaration.key, $0) }
    }
    return outOfRange.isEmpty ? betweenOptions() : outOfRange
  }

  private func current() -> [OptionDescription] {
    Mirror(reflecting: self).children.flatMap { child -> [OptionDescription] in
      if let group = child.value as? any AnyOptionGroup { return group.options.current() }
      guard let option = child.value as? any DescribedOption, let label = child.label else { return [] }
      return [option.description(key: String(label.drop { $0 == "_" }))]
    }
  }

  private func betweenOptions() -> [OptionIssue] {
    let groups = Mirror(reflecting: self).children.compactMap { $0.value as? any AnyOptionGroup }
    return groups.flatMap { $0.options.betweenOptions() } + issues()
  }
}

extension OptionRange {
  /// "must be at least 1, is 0", or nil where the number is allowed.
  package func problem(with number: Double) -> String? {
    guard number.isFinite else { return "must be a finite number, is \(number)" }
    let tooLow = lower.map { excludesLower ? number <= $0 : number < $0 } ?? false
    let tooHigh = upper.map { excludesUpper ? number >= $0 : number > $0 } ?? false
    return tooLow || tooHigh ? "must be \(inWords), is \(Self.text(number))" : nil
  }

  /// The most numbers of a list: layers, stages, epochs.
  private static let longestList = 1000

  /// The sentence for a list of so many numbers, if they are too many.
  fileprivate static func problem(withCount count: Int) -> [String] {
    count <= longestList ? [] : ["must have at most \(longestList) numbers, has \(count)"]
  }

  /// The sentence for a word that is not among the choices, or nil.
  package func problem(with word: String) -> String? {
    guard !choices.isEmpty, !choices.contains(word) else { return nil }
    return "must be \(inWords), is \"\(word)\""
  }

  /// "at least 1", "above 0 and at most 1", "one of adam, sgd"; empty where anything goes.
  package var inWords: String {
    if !choices.isEmpty { return "one of " + choices.joined(separator: ", ") }
    let low = lower.map { (excludesLower ? "above " : "at least ") + Self.text($0) }
    let high = upper.map { (excludesUpper ? "below " : "at most ") + Self.text($0) }
    return [low, high].compactMap { $0 }.joined(separator: " and ")
  }

  /// A number without a needless ".0".
  static func text(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? "\(Float(number))" }
}
