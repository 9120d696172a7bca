import FERCore
import NeuralKit
import Support

/// Whether a component's options keep to what they declare: the defaults are allowed, and a value out of range
/// or of another type is refused under the key of its option. The values come from the declarations, so nothing
/// has to be added for a new option.
struct OptionCheck<Product> {
  let entry: Entry<Product>

  func problems() -> [String] {
    let defaults = entry.prepared().issues.map { "its defaults are refused: \($0.path) \($0.message)" }
    let options = entry.summary.options
    let unexplained = options.filter { $0.meaning.isEmpty }.map { "option \"\($0.key)\" has no meaning" }
    return defaults + unexplained
      + options.flatMap { option in
        badValues(option).compactMap { problem(setting: option.key, to: $0) }
      }
  }

  private func problem(setting key: String, to value: JSONValue) -> String? {
    let found = entry.prepared(.object([key: value])).issues.map(\.path.steps.first)
    let isRefused = !found.isEmpty && found.allSatisfy { $0 == .key(key) }
    return isRefused ? nil : "\(key) = \(value.oneLine) is not allowed, and is reported under \(found)"
  }

  /// A value of another type, and values just outside the range.
  private func badValues(_ option: OptionDescription) -> [JSONValue] {
    let isList = option.kind.hasPrefix("list of ")
    let isWhole = option.kind.hasSuffix("whole number")
    func wrapped(_ value: JSONValue) -> JSONValue { isList ? .array([value]) : value }
    let otherType = [JSONValue.object(["not": .string("an option")])]
    if !option.range.choices.isEmpty { return otherType + [wrapped(.string("no such choice"))] }
    guard isWhole || option.kind.hasSuffix("number") else { return otherType }
    let below = option.range.lower.map { option.range.excludesLower ? $0 : $0 - 1 }
    let above = option.range.upper.map { option.range.excludesUpper ? $0 : $0 + 1 }
    return otherType
      + [below, above].compactMap { $0 }.map {
        wrapped(isWhole ? .int(Int($0.rounded())) : .double($0))
      }
  }
}
