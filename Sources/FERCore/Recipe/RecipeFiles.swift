import Foundation
import Support

/// Reads a recipe file, what it extends, and the command line's changes into one tree.
struct RecipeFiles {
  /// The largest file, in bytes.
  static let maximumSize = 1_000_000
  /// The longest chain of `extends`.
  static let maximumChain = 32

  /// - Parameter overrides: texts such as "training.epochs=3".
  /// - Throws: ``RecipeProblems``; nothing else can be checked where a file cannot be read.
  static func read(_ path: String, overrides: [String]) throws(RecipeProblems) -> SourcedValue {
    var chain: [(path: String, tree: SourcedValue)] = []
    var next: String? = path
    var asked = RecipeOrigin.file(path, line: 0)
    while let file = next {
      let same = chain.firstIndex { PathText.absolute($0.path) == PathText.absolute(file) }
      if let same {
        let circle = (chain[same...].map(\.path) + [file]).joined(separator: " -> ")
        throw problem(asked, "extends", "goes in a circle: \(circle)")
      }
      guard chain.count < maximumChain else {
        throw problem(asked, "extends", "the chain is longer than \(maximumChain) files")
      }
      let tree = try tree(of: file, askedBy: chain.isEmpty ? nil : asked)
      chain.append((file, tree))
      next = nil
      guard let base = tree.part(at: JSONPath("extends")), !base.isNull else { continue }
      guard let name = base.value.text, !name.isEmpty else {
        throw problem(base.origin, "extends", "must be the path of a recipe, is \(base.value.inWords)")
      }
      (next, asked) = (PathText.joined(PathText.folder(of: file), name), base.origin)
    }
    var result = SourcedValue.empty(.file(path, line: 0))
    for (_, tree) in chain.reversed() {
      guard case .object(var members) = tree.content else { continue }
      members["extends"] = nil
      result = result.merged(with: SourcedValue(origin: tree.origin, content: .object(members)))
    }
    return result.merged(with: try patch(from: overrides))
  }

  private static func problem(_ origin: RecipeOrigin, _ key: String?, _ message: String, note: String? = nil)
    -> RecipeProblems
  {
    let path = key.map { JSONPath($0) } ?? JSONPath()
    return RecipeProblems([RecipeProblem(origin, RecipeIssue(path, message, note: note))])
  }

  private static func tree(of file: String, askedBy asker: RecipeOrigin?) throws(RecipeProblems)
    -> SourcedValue
  {
    let text = try text(of: file, askedBy: asker)
    let document: JSON5Parser.Document
    do { document = try JSON5Parser.parse(text) } catch let mistake as JSON5Parser.Problem {
      throw problem(.file(file, line: mistake.line), nil, "column \(mistake.column): \(mistake.message)")
    } catch { throw problem(.file(file, line: 0), nil, "cannot be read: \(error)") }
    guard document.value.members != nil else {
      throw problem(
        .file(file, line: 1), nil, "a recipe is an object { ... }, this is \(document.value.inWords)")
    }
    return SourcedValue(document.value) { .file(file, line: document.lines[$0] ?? 0) }
  }

  private static func text(of file: String, askedBy asker: RecipeOrigin?) throws(RecipeProblems) -> String {
    let origin = asker ?? .file(file, line: 0)
    let subject = asker == nil ? "" : file + " "
    func failed(_ message: String, note: String? = nil) -> RecipeProblems {
      problem(origin, asker == nil ? nil : "extends", subject + message, note: note)
    }
    let source: OpenFile
    do throws(OpenFile.Failure) { source = try OpenFile(opening: file) } catch {
      switch error {
      case .kind: throw failed("is not a file")
      case .system(ENOENT), .system(ENOTDIR):
        let neighbours = (try? FolderNames.all(in: PathText.folder(of: file))) ?? []
        let recipes = neighbours.filter { $0.hasSuffix(".json5") || $0.hasSuffix(".json") }
        throw failed("does not exist" + NearestName.suggestion(for: PathText.name(of: file), among: recipes))
      case .system: throw failed("cannot be read")
      }
    }
    guard source.length <= maximumSize else {
      throw failed("has \(source.length) bytes; a recipe has at most \(maximumSize)")
    }
    guard let bytes = try? source.read(from: 0, count: source.length) else { throw failed("cannot be read") }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw failed("is not UTF-8 text") }
    return text
  }

  /// One tree of all that the command line sets. A value is read as JSON5 and, where it is none, taken as text.
  private static func patch(from overrides: [String]) throws(RecipeProblems) -> SourcedValue {
    var patch = SourcedValue.empty(.commandLine)
    var problems: [RecipeProblem] = []
    for override in overrides {
      let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
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

extension String {
  fileprivate init?(validating data: Data, as encoding: UTF8.Type) { self.init(data: data, encoding: .utf8) }
}
