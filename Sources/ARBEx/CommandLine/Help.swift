import FERCore
import Support

/// Texts that tell how to use `arbex`.
enum Help {
  static func all(_ verbs: [Verb], tool: String) -> String {
    let rows = verbs.map { [($0.name + " " + usage(of: $0.arguments)).trimmedEnd, $0.purpose] }
    return """
      \(tool): facial-expression recognition, from recipe to trained model

      usage: \(tool) VERB ...

      \(TextTable.text(rows, indent: 2))

      \(tool) VERB --help tells more; \(tool) --version names the version.

      exit codes:
      \(TextTable.text(ExitCode.table.map { ["\($0.code)", $0.meaning] }, indent: 2))
      """
  }

  static func one(_ verb: Verb, tool: String) -> String {
    let flags = verb.flags + [.help]
    let words = verb.arguments.map { [$0.name, $0.meaning] }
    let rows = flags.map { [($0.name + " " + ($0.value ?? "")).trimmedEnd, $0.meaning] }
    let brackets = verb.flags.map {
      "[\(($0.name + " " + ($0.value ?? "")).trimmedEnd)]\($0.isRepeatable ? "..." : "")"
    }
    let line = ([tool, verb.name, usage(of: verb.arguments)] + brackets).filter { !$0.isEmpty }
    return """
      \(verb.name): \(verb.purpose)

      usage: \(line.joined(separator: " "))

      \(TextTable.text(words + rows, indent: 2))
      """ + (verb.notes.isEmpty ? "" : "\n\n" + verb.notes)
  }

  static func usage(of arguments: [Verb.Argument]) -> String {
    arguments.map {
      switch $0.count {
      case .one: $0.name
      case .optional: "[\($0.name)]"
      case .any: "[\($0.name)...]"
      case .atLeastOne: "\($0.name)..."
      }
    }.joined(separator: " ")
  }
}
