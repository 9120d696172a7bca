import FERCore
import NeuralKit
import Support

/// Whether a component's options keep to what they declare: the defaults are allowed and read as they are written, and a
/// value out of range or of another type is refused under the key of its option. The values come from the declarations,
/// so nothing has to be added for a new option.
struct OptionCheck<Kind> {
  let subject: Subject<Kind>

  func run(_ found: inout Findings) {
    let (summary, standard) = (subject.summary, subject.prepared(nil))
    for issue in standard.issues {
      found.add(.options, "its defaults are refused: \(issue.path) \(issue.message)")
    }
    let written = subject.prepared(summary.defaults)
    found.expect(
      written.issues.isEmpty && written.effective == summary.defaults, .options,
      "its defaults, written and read again, are \(written.effective.oneLine), not \(summary.defaults.oneLine)"
    )
    for option in summary.options {
      found.expect(!option.meaning.isEmpty, .options, "option \"\(option.key)\" has no meaning")
      for value in badValues(option) {
        let places = subject.prepared(.object([option.key: value])).issues.map(\.path.steps.first)
        found.expect(
          !places.isEmpty && places.allSatisfy { $0 == .key(option.key) }, .options,
          "\(option.key) = \(value.oneLine) is not allowed, and is reported under \(places)")
      }
    }
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
      + [below, above].compactMap { $0 }.map { wrapped(isWhole ? .int(Int($0.rounded())) : .double($0)) }
  }
}
