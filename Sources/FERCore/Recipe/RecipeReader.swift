import Foundation
import NeuralKit
import Support

/// Reads the tree of a recipe against a registry and gathers everything that is wrong with it.
struct RecipeReader {
  let tree: SourcedValue
  let registry: Registry
  var issues: [RecipeIssue] = []
  /// The folder from which a relative path written at that place starts.
  let folder: @Sendable (JSONPath) -> String

  init(_ tree: SourcedValue, registry: Registry) {
    self.tree = tree
    let folders = FoldersByPlace(tree)
    folder = { folders.folder(at: $0) }
    self.registry = registry
  }

  // MARK: sections

  /// A section of fixed keys: its own options, and the keys that other code reads.
  mutating func section<Options: ComponentOptions>(_ section: RecipeSection<Options>) -> Options {
    let decoder = RecipeDecoder(
      owner: section.owner, noun: "key", reserved: section.besides, folder: folder)
    let path = section.path
    let (options, found) = decoder.decode(Options.self, from: given(at: path), at: path)
    issues += found
    return options
  }

  /// The component at `path`; nil where the recipe names none. An absent one that is needed is an issue.
  mutating func component<P, Settings: ComponentOptions>(
    at path: JSONPath, from components: ComponentRegistry<P>, settings: Settings.Type, key: String,
    isNeeded: Bool = true, isKeyed: Bool = false
  ) -> ComponentChoice<P, Settings>? {
    guard let value = given(at: path) else {
      if isNeeded {
        issues.append(
          RecipeIssue(path, "is missing; name one, as in \(components.example)", note: components.known))
      }
      return nil
    }
    guard let members = value.members else {
      let example = isKeyed ? "an object of options, such as {}" : "an object such as \(components.example)"
      issues.append(RecipeIssue(path, "must be \(example), is \(value.inWords)"))
      return nil
    }
    guard let name = name(in: members, at: path, key: isKeyed ? key : nil, components: components) else {
      return nil
    }
    let place = members["use"] == nil ? path : path / "use"
    let entry: Entry<P>
    do { entry = try components.entry(name, at: place) } catch {
      issues.append(error)
      return nil
    }
    return read(members, at: path, as: entry, settings: settings, key: key)
  }

  private mutating func name<P>(
    in members: [String: JSONValue], at path: JSONPath, key: String?, components: ComponentRegistry<P>
  ) -> String? {
    switch members["use"] {
    case .string(let name)?: return name
    case nil, .null?:
      if let key { return key }
      issues.append(
        RecipeIssue(path / "use", "is missing; name one, as in \(components.example)", note: components.known)
      )
    case let other?: issues.append(RecipeIssue(path / "use", "must be text, is \(other.inWords)"))
    }
    return nil
  }

  private mutating func read<P, Settings: ComponentOptions>(
    _ members: [String: JSONValue], at path: JSONPath, as entry: Entry<P>, settings: Settings.Type,
    key: String
  ) -> ComponentChoice<P, Settings> {
    let before = issues.count
    let prepared = entry.prepared(.object(members), at: path, folder: folder, resolver: registry.resolver)
    issues += prepared.issues
    let known = (try? JSONValue.encoding(Settings()))?.members ?? [:]
    let decoder = RecipeDecoder(owner: "\"\(entry.summary.name)\"", folder: folder)
    let (read, found) = decoder.decode(
      settings, from: .object(members.filter { known[$0.key] != nil }), at: path)
    issues += found
    return ComponentChoice(
      key: key, path: path, summary: entry.summary, settings: read, prepared: prepared,
      isSound: issues.count == before)
  }

  /// The components of a keyed map, in the order of their keys.
  mutating func keyed<P, Settings: ComponentOptions>(
    at path: JSONPath, from components: ComponentRegistry<P>, settings: Settings.Type
  ) -> [ComponentChoice<P, Settings>] {
    guard let value = given(at: path) else { return [] }
    guard let members = value.members else {
      issues.append(
        RecipeIssue(path, "must be an object with a \(components.kind) under each key, is \(value.inWords)"))
      return []
    }
    return members.keys.sorted().compactMap { key in
      if members[key] == .null {
        noteRemoval(
          of: key, at: path, components: components,
          present: members.filter { $0.value != .null }.keys.sorted())
        return nil
      }
      guard key.allSatisfy({ $0.isLetter || $0.isNumber || "-_".contains($0) }), !key.isEmpty else {
        issues.append(RecipeIssue(path / key, "a key here is made of letters, digits, \"-\" and \"_\""))
        return nil
      }
      return component(at: path / key, from: components, settings: settings, key: key, isKeyed: true)
    }
  }

  /// A null that removes nothing is harmless under a registered name, else most likely a misspelt one.
  private mutating func noteRemoval<P>(
    of key: String, at path: JSONPath, components: ComponentRegistry<P>, present: [String]
  ) {
    guard components[key] == nil else { return }
    issues.append(
      RecipeIssue(
        path / key,
        "null removes nothing: there is no \(JSONValue.quoted(key))"
          + NearestName.suggestion(for: key, among: present + components.names),
        note: "present: " + (present.isEmpty ? "none" : present.joined(separator: ", "))))
  }

  /// The components of a list.
  mutating func list<P>(at path: JSONPath, from components: ComponentRegistry<P>) -> [ComponentChoice<
    P, NoOptions
  >] {
    guard let value = given(at: path) else { return [] }
    guard let elements = value.elements else {
      issues.append(
        RecipeIssue(path, "must be a list of objects such as \(components.example), is \(value.inWords)"))
      return []
    }
    return elements.indices.compactMap {
      component(at: path / $0, from: components, settings: NoOptions.self, key: "\($0)")
    }
  }

  // MARK: places

  /// What the recipe says there; nil for nothing and for null.
  func given(at path: JSONPath) -> JSONValue? {
    guard let value = tree.part(at: path)?.value, value != .null else { return nil }
    return value
  }

  /// The problem as it is reported: with the place its value comes from.
  func located(_ issue: RecipeIssue, file: String) -> RecipeProblem {
    RecipeProblem(tree.origin(at: issue.path) ?? .file(file, line: 0), issue)
  }
}

/// Knows which folder the relative paths of each part of a recipe start from.
private struct FoldersByPlace: Sendable {
  private let folders: [JSONPath: String]

  init(_ tree: SourcedValue) {
    var (folders, byFile) = ([JSONPath: String](), [String: String]())
    func visit(_ value: SourcedValue, _ path: JSONPath) {
      if case .file(let file, _) = value.origin {
        let folder = byFile[file] ?? PathText.folder(of: PathText.absolute(file))
        (byFile[file], folders[path]) = (folder, folder)
      }
      switch value.content {
      case .scalar: break
      case .array(let elements): for index in elements.indices { visit(elements[index], path / index) }
      case .object(let members): for (key, member) in members { visit(member, path / key) }
      }
    }
    visit(tree, JSONPath())
    self.folders = folders
  }

  func folder(at path: JSONPath) -> String { folders[path] ?? FileSystem.currentFolder }
}
