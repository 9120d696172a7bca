import Foundation
import Support

/// Reads a recipe file, what it extends, and the command line's changes into one tree.
struct RecipeFiles {
  /// The longest chain of `extends`.
  static let maximumChain = 32

  /// - Parameter patches: changes that another file holds, in their order.
  /// - Parameter overrides: texts such as "training.epochs=3".
  /// - Returns: the tree, and which components the overrides put in others' places.
  /// - Throws: ``RecipeProblems``; nothing else can be checked where a file cannot be read.
  static func read(_ path: String, patches: [RecipePatch] = [], overrides: [String]) throws(RecipeProblems)
    -> (tree: SourcedValue, swaps: [SwappedComponent])
  {
    var chain: [(path: String, tree: SourcedValue)] = []
    var next: String? = path
    var asked = RecipeOrigin.file(path, line: 0)
    while let file = next {
      let same = chain.firstIndex { PathText.absolute($0.path) == PathText.absolute(file) }
      if let same {
        let circle = (chain[same...].map(\.path) + [file]).joined(separator: " -> ")
        throw RecipeProblems(asked, "extends", "goes in a circle: \(circle)")
      }
      guard chain.count < maximumChain else {
        throw RecipeProblems(asked, "extends", "the chain is longer than \(maximumChain) files")
      }
      let tree = try RecipeDocument.read(file, askedBy: chain.isEmpty ? nil : asked).tree
      chain.append((file, tree))
      next = nil
      guard let base = tree.part(at: JSONPath("extends")), !base.isNull else { continue }
      guard let name = base.value.text, !name.isEmpty else {
        throw RecipeProblems(base.origin, "extends", "must be the path of a recipe, is \(base.value.inWords)")
      }
      (next, asked) = (PathText.joined(PathText.folder(of: file), name), base.origin)
    }
    var result = SourcedValue.empty(.file(path, line: 0))
    for (_, tree) in chain.reversed() {
      guard case .object(var members) = tree.content else { continue }
      members["extends"] = nil
      result = result.merged(with: SourcedValue(origin: tree.origin, content: .object(members)))
    }
    for patch in patches { result = result.merged(with: patch.tree) }
    var swaps: [SwappedComponent] = []
    let tree = result.merged(with: try patch(from: overrides), swaps: &swaps)
    return (tree, swaps)
  }

  /// One tree of all that the command line sets. A value is read as JSON5 and, where it is none, taken as text.
  private static func patch(from overrides: [String]) throws(RecipeProblems) -> SourcedValue {
    var patch = SourcedValue.empty(.commandLine)
    var problems: [RecipeProblem] = []
    for override in overrides {
      let parts = override.utf8.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
      ).map { Substring($0) }
      let keys = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, keys.count <= JSON5Parser.maximumDepth, !keys.contains("") else {
        let text =
          "--set needs KEY=VALUE, as in training.epochs=3, and was given \(JSONValue.quoted(override))"
        problems.append(RecipeProblem(.commandLine, RecipeIssue(JSONPath(), text)))
        continue
      }
      guard keys != ["extends"] else {
        problems.append(
          RecipeProblem(.commandLine, RecipeIssue(JSONPath("extends"), "can only stand in a recipe file")))
        continue
      }
      let value = (try? JSON5Parser.parse(String(parts[1])))?.value ?? .string(String(parts[1]))
      patch.set(SourcedValue(value) { _ in .commandLine }, at: keys[...])
    }
    guard problems.isEmpty else { throw RecipeProblems(problems) }
    return patch
  }
}

extension SourcedValue {
  fileprivate mutating func set(_ value: SourcedValue, at keys: ArraySlice<String>) {
    guard let key = keys.first else {
      self = value
      return
    }
    var members: [String: SourcedValue] = [:]
    if case .object(let mine) = content { members = mine }
    var member = members[key] ?? .empty(.commandLine)
    member.set(value, at: keys.dropFirst())
    members[key] = member
    self = SourcedValue(origin: .commandLine, content: .object(members))
  }
}
