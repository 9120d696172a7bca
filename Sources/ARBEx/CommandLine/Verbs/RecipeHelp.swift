import FERCore
import NeuralKit
import Support

/// What `plugins describe` tells of the keys that recipes have beside the options of components.
enum RecipeHelp {
  /// A section.
  case section(RecipeKeys)
  /// A place where components stand, and those that can.
  case place(RecipePlace, path: JSONPath, known: [ComponentSummary])
  /// A single option.
  case option(OptionDescription, path: JSONPath, standard: JSONValue)

  /// Everything there is.
  static func all(for registry: Registry) -> [RecipeHelp] {
    RecipeKeys.all.flatMap { section -> [RecipeHelp] in
      let options = section.options.map {
        RecipeHelp.option($0, path: section.path / $0.key, standard: section.defaults[$0.key] ?? .null)
      }
      let places = section.places.filter { ![.section, .file].contains($0.form) }.flatMap {
        place -> [RecipeHelp] in
        let path = section.path / place.key
        let beside = place.settings.map {
          RecipeHelp.option($0, path: path / $0.key, standard: place.defaults[$0.key] ?? .null)
        }
        let known = registry.summaries.filter { $0.plural == place.plural }
        return [.place(place, path: path, known: known)] + beside
      }
      return [.section(section)] + options + places
    }
  }

  /// The words that ask for it: its path, and its key.
  var names: [String] {
    switch self {
    case .section(let keys): [keys.name]
    case .place(_, let path, _), .option(_, let path, _):
      ["\(path)"] + (path.steps.last.map { ["\(JSONPath(steps: [$0]))"] } ?? [])
    }
  }

  func answers(to name: String) -> Bool { names.contains(name) }

  private static let heads = ["key", "type", "default", "allowed", "meaning"]

  private static func row(_ option: OptionDescription, _ standard: JSONValue) -> [String] {
    [option.key, option.kind, standard.oneLine, option.range.inWords, option.meaning]
  }

  /// As a page.
  var page: String {
    switch self {
    case .section(let keys):
      let options = keys.options.map { Self.row($0, keys.defaults[$0.key] ?? .null) }
      let places = keys.places.map { [$0.key, $0.form.rawValue, $0.meaning] }
      return [
        keys.path.steps.isEmpty ? "a recipe" : "\"\(keys.path)\" of a recipe",
        TextTable.text([Self.heads] + options, indent: 2),
        places.isEmpty ? "" : TextTable.text(places, indent: 2),
      ].filter { !$0.isEmpty }.joined(separator: "\n")
    case .place(let place, let path, let known):
      let beside = place.settings.map { Self.row($0, place.defaults[$0.key] ?? .null) }
      return [
        "\"\(path)\" of a recipe: \(place.meaning)", "  \(place.form.rawValue)",
        "  known: " + (known.isEmpty ? "none" : known.map(\.name).joined(separator: ", ")),
        beside.isEmpty
          ? ""
          : "  beside a component's own options:\n"
            + TextTable.text([Self.heads] + beside, indent: 2),
        "  `plugins describe NAME` tells each one's own options",
      ].filter { !$0.isEmpty }.joined(separator: "\n")
    case .option(let option, let path, let standard):
      return "\"\(path)\" of a recipe\n"
        + TextTable.text([Self.heads, Self.row(option, standard)], indent: 2)
    }
  }

  var json: JSONValue {
    func described(_ option: OptionDescription, _ standard: JSONValue) -> JSONValue {
      .object([
        "key": .string(option.key), "type": .string(option.kind), "default": standard,
        "allowed": .string(option.range.inWords), "meaning": .string(option.meaning),
      ])
    }
    switch self {
    case .section(let keys):
      return .object([
        "path": .string("\(keys.path)"),
        "options": .array(keys.options.map { described($0, keys.defaults[$0.key] ?? .null) }),
        "places": .array(
          keys.places.map { .object(["key": .string($0.key), "meaning": .string($0.meaning)]) }),
      ])
    case .place(let place, let path, let known):
      return .object([
        "path": .string("\(path)"), "meaning": .string(place.meaning), "known": .texts(known.map(\.name)),
        "options": .array(place.settings.map { described($0, place.defaults[$0.key] ?? .null) }),
      ])
    case .option(let option, let path, let standard):
      return .object(["path": .string("\(path)"), "options": .array([described(option, standard)])])
    }
  }
}

extension RecipeKeys {
  /// What a person calls it.
  var name: String { path.steps.isEmpty ? "recipe" : "\(path)" }
}
