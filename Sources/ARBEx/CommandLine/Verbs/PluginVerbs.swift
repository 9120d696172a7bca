import FERCore
import NeuralKit
import Support

extension Verb {
  static let pluginsList = Verb("plugins list", "every component a recipe can name", flags: [.json]) { call in
    let all = call.registry.summaries
    if call.has("--json") {
      try call.output.print(JSONValue.object(["components": .array(all.map(\.json))]).pretty())
    } else {
      try call.output.print(TextTable.text(all.map { [$0.kind, $0.name, $0.purpose] }))
    }
    return 0
  }

  static let pluginsDescribe = Verb(
    "plugins describe", "a component's options, or a key of recipes: type, default, what is allowed, meaning",
    arguments: [
      Argument(
        "NAME", "a component's name, or a key: training, training.epochs, epochs, optimizer, recipe ...")
    ], flags: [.json]
  ) { call in
    let name = call.words[0]
    let found = call.registry.summaries.filter { $0.name == name }
    let keys = RecipeHelp.all(for: call.registry).filter { $0.answers(to: name) }
    guard !found.isEmpty || !keys.isEmpty else {
      let known = Set(call.registry.summaries.map(\.name)).sorted()
      let words = Set(RecipeHelp.all(for: call.registry).flatMap(\.names))
      let usual = UsualWords.place(of: name).map { "; in a recipe it is \($0)" }
      throw UsageProblem(
        "no component is named \(JSONValue.quoted(name))"
          + (NearestName.of(name, among: known + words.sorted()).map { "; did you mean \"\($0)\"?" } ?? usual
            ?? "")
          + "\n  known: \(known.joined(separator: ", "))"
          + "\n  sections of a recipe: \(RecipeKeys.all.map(\.name).joined(separator: ", "))",
        verb: "plugins list")
    }
    if call.has("--json") {
      try call.output.print(
        JSONValue.object([
          "components": .array(found.map(\.json)), "keys": .array(keys.map(\.json)),
        ]).pretty())
    } else {
      try call.output.print((keys.map(\.page) + found.map(\.page)).joined(separator: "\n\n"))
    }
    return 0
  }
}

extension UsageProblem {
  /// A name that no component has.
  init(noComponent name: String, in registry: Registry) {
    let known = Set(registry.summaries.map(\.name)).sorted()
    self.init(
      "no component is named \(JSONValue.quoted(name))\(NearestName.suggestion(for: name, among: known))"
        + "\n  known: \(known.joined(separator: ", "))", verb: "plugins list")
  }
}

extension ComponentSummary {
  /// Name, kind and purpose, then a table of the options.
  var page: String {
    var lines = ["\(kind) \"\(name)\"" + (purpose.isEmpty ? "" : ": \(purpose)"), "  type: \(type)"]
    if !requires.isEmpty { lines.append("  needs: \(requires.map(\.description).joined(separator: ", "))") }
    if !provides.isEmpty {
      lines.append("  provides: \(provides.map(\.description).joined(separator: ", "))")
    }
    let rows = options.map { option in
      [option.key, option.kind, defaults[option.key]?.oneLine ?? "", option.range.inWords, option.meaning]
    }
    lines.append(
      rows.isEmpty
        ? "  no options"
        : TextTable.text([["option", "type", "default", "allowed", "meaning"]] + rows, indent: 2))
    lines.append("  also: \(reserved.joined(separator: ", "))")
    return lines.joined(separator: "\n")
  }

  var json: JSONValue {
    .object([
      "name": .string(name), "kind": .string(kind), "type": .string(type), "purpose": .string(purpose),
      "requires": .array(requires.map { .string($0.description) }),
      "provides": .array(provides.map { .string($0.description) }), "reserved": .texts(reserved),
      "options": .array(
        options.map { option in
          .object([
            "key": .string(option.key), "type": .string(option.kind),
            "default": defaults[option.key] ?? .null,
            "allowed": .string(option.range.inWords), "meaning": .string(option.meaning),
          ])
        }),
    ])
  }
}
