import NeuralKit
import Support

/// Everything that is wrong with what a recipe says, each once.
final class IssueLog {
  private(set) var issues: [RecipeIssue] = []

  func add(_ issue: RecipeIssue) { if !issues.contains(issue) { issues.append(issue) } }
}

/// A place in the tree, without its value.
struct RecipeNode {
  var path: JSONPath
  let log: IssueLog
  let folder: @Sendable (JSONPath) -> String
  let resolver: ComponentResolver?
  /// Which options here hold for the components inside, too.
  var lent: [String: [String]] = [:]
  /// What a component at this place takes from its owner.
  var inherited: [String: InheritedValue] = [:]

  static func / (node: RecipeNode, key: String) -> RecipeNode { node.moved(to: node.path / key) }
  static func / (node: RecipeNode, index: Int) -> RecipeNode { node.moved(to: node.path / index) }
  private func moved(to path: JSONPath) -> RecipeNode {
    RecipeNode(path: path, log: log, folder: folder, resolver: resolver, inherited: inherited)
  }

  /// - Throws: where neither `given` nor a part of it could be read; the caller then takes its own default.
  func read<T: Decodable>(_ type: T.Type, _ given: JSONValue, standard: JSONValue?) throws(RecipeIssue) -> T {
    let result: Any
    do {
      if let scalar = type as? any RecipeScalar.Type {
        result = try scalar.read(given, path)
      } else if let nested = type as? any AnyNested.Type {
        result = try component(nested, given, isStandard: given == standard)
      } else {
        var node = self
        if let owner = type as? any InheritedOptions.Type { node.lent = owner.inherited }
        let value = try T(
          from: RecipeValueDecoder(node: node, given: given, standard: standard, expected: kind(of: type)))
        result = (value as? FilePath)?.from(folder: folder(path)) ?? value
      }
    } catch let issue as RecipeIssue { throw issue } catch {
      throw RecipeIssue(path, problem(with: given, as: type))
    }
    guard let typed = result as? T else { throw RecipeIssue(path, "cannot be read as \(type)") }
    return typed
  }

  /// Finds the component that a bare name or an object with `use` asks for.
  private func component<T: AnyNested>(_ type: T.Type, _ given: JSONValue, isStandard: Bool)
    throws(RecipeIssue) -> T
  {
    var own = given.members ?? [:]
    let use = own.removeValue(forKey: "use") ?? (given.members == nil ? given : .null)
    let namePath = given.members == nil ? path : path / "use"
    guard given.members == nil || use != .null else {
      throw RecipeIssue(namePath, "is missing; name a component, as in { use: \"NAME\" }")
    }
    guard let name = use.text else {
      let wanted = given.members == nil ? "a name or an object such as { use: \"NAME\" }" : "text"
      throw RecipeIssue(namePath, "must be \(wanted), is \(use.inWords)")
    }
    let request = NestedRequest(
      kind: type.component, name: name, namePath: namePath, given: own, inherited: inherited, path: path,
      folder: folder)
    guard let found = resolver?(request) else {
      if isStandard { return T(name) }
      throw RecipeIssue(path, "cannot contain components here")
    }
    for issue in found.issues { log.add(issue) }
    guard let build = found.build else { return T(name) }
    return T(name: name, options: found.options, build: build)
  }

  private func kind(of type: Any.Type) -> String {
    (type as? any OptionValue.Type).map { withArticle($0.kind) } ?? "an object"
  }

  private func problem(with given: JSONValue, as type: Any.Type) -> String {
    given.text.flatMap { (type as? any OptionValue.Type)?.problem(with: $0) }
      ?? "must be \(kind(of: type)), is \(given.inWords)"
  }
}

/// "whole number" -> "a whole number"; "text" stays.
private func withArticle(_ kind: String) -> String {
  if kind.hasPrefix("list of") || kind.hasSuffix("number") || kind == "path" {
    let plural =
      kind.hasPrefix("list of") && ["number", "component"].contains { kind.hasSuffix($0) } ? "s" : ""
    return "a " + kind + plural
  }
  return kind
}
