import Foundation
import NeuralKit

/// Whether a component's options keep to what they declare: the defaults are allowed, and a value out of range
/// is refused under the key of its option. The values come from the declarations, so nothing has to be added
/// for a new option.
struct OptionCheck<Options: ComponentOptions> {
  func problems() -> [String] {
    let described = Options.described()
    let defaults = Options().allIssues().map { "its defaults are refused: \($0.key) \($0.message)" }
    let unexplained = described.filter { $0.meaning.isEmpty }.map { "option \"\($0.key)\" has no meaning" }
    return defaults + unexplained + described.flatMap { option in
      badValues(option).compactMap { problem(setting: option.key, to: $0) }
    }
  }

  private func problem(setting key: String, to value: Any) -> String? {
    do {
      let defaults = try JSONEncoder().encode(Options())
      guard var tree = try JSONSerialization.jsonObject(with: defaults) as? [String: Any] else {
        return "its options do not encode as an object"
      }
      tree[key] = value
      let changed = try JSONDecoder().decode(Options.self, from: JSONSerialization.data(withJSONObject: tree))
      let keys = changed.allIssues().map(\.key)
      return keys == [key] ? nil : "\(key) = \(value) is out of range, and is reported under \(keys)"
    } catch {
      return "option \"\(key)\" cannot be set to \(value): \(error)"
    }
  }

  /// Values just outside the range, in the option's type.
  private func badValues(_ option: OptionDescription) -> [Any] {
    let isList = option.kind.hasPrefix("list of ")
    let isWhole = option.kind.hasSuffix("whole number")
    func wrapped(_ value: Any) -> Any { isList ? [value] : value }
    if !option.range.choices.isEmpty { return [wrapped("no such choice")] }
    guard isWhole || option.kind.hasSuffix("number") else { return [] }
    let below = option.range.lower.map { option.range.excludesLower ? $0 : $0 - 1 }
    let above = option.range.upper.map { option.range.excludesUpper ? $0 : $0 + 1 }
    return [below, above].compactMap { $0 }.map { isWhole ? wrapped(Int($0.rounded())) : wrapped($0) }
  }
}
