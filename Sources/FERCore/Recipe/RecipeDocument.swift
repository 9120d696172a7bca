import Foundation
import Support

/// A JSON5 file whose values remember their lines: a recipe, or a file that says which recipes to run.
package struct RecipeDocument {
  /// The largest file, in bytes.
  static let maximumSize = 1_000_000

  /// Where it was read from.
  package let path: String
  /// What it says.
  package let content: JSON5Parser.Document

  /// Its values as a recipe's.
  var tree: SourcedValue {
    EarlierKeys.translated(SourcedValue(content.value) { .file(path, line: content.lines[$0] ?? 0) })
  }

  /// Where a value stands.
  package func origin(at place: JSONPath) -> RecipeOrigin {
    .file(path, line: content.lines[place] ?? 0)
  }

  /// Reads a file that holds an object.
  /// - Parameter kind: what the file is called where it holds something else: "a recipe".
  /// - Parameter asker: the `extends` that names it.
  /// - Throws: ``RecipeProblems``; nothing else can be checked where a file cannot be read.
  package static func read(_ path: String, as kind: String = "a recipe", askedBy asker: RecipeOrigin? = nil)
    throws(RecipeProblems) -> RecipeDocument
  {
    try read(try text(of: path, askedBy: asker), of: path, as: kind)
  }

  /// The same of a text.
  /// - Parameter path: of the file that it is from.
  static func read(_ text: String, of path: String, as kind: String = "a recipe") throws(RecipeProblems)
    -> RecipeDocument
  {
    let content: JSON5Parser.Document
    do { content = try JSON5Parser.parse(text) } catch let mistake as JSON5Parser.Problem {
      throw RecipeProblems(
        .file(path, line: mistake.line), nil, "column \(mistake.column): \(mistake.message)")
    } catch { throw RecipeProblems(.file(path, line: 0), nil, "cannot be read: \(error)") }
    guard content.value.members != nil else {
      throw RecipeProblems(
        .file(path, line: 1), nil, "\(kind) is an object { ... }, this is \(content.value.inWords)")
    }
    return RecipeDocument(path: path, content: content)
  }

  private static func text(of file: String, askedBy asker: RecipeOrigin?) throws(RecipeProblems) -> String {
    let origin = asker ?? .file(file, line: 0)
    let subject = asker == nil ? "" : file + " "
    func failed(_ message: String, isRequest: Bool = true) -> RecipeProblems {
      RecipeProblems(origin, asker == nil ? nil : "extends", subject + message, isRequest: isRequest)
    }
    let source: OpenFile
    do throws(OpenFile.Failure) { source = try OpenFile(opening: file) } catch {
      switch error {
      case .kind: throw failed("is not a file")
      case .system(ENOENT), .system(ENOTDIR):
        let neighbours = (try? FolderNames.all(in: PathText.folder(of: file))) ?? []
        let recipes = neighbours.filter { $0.hasSuffix(".json5") || $0.hasSuffix(".json") }
        throw failed("does not exist" + NearestName.suggestion(for: PathText.name(of: file), among: recipes))
      case .system(let code):
        let problem = AtomicFile.problem(file, "read", code)
        throw failed(problem.message, isRequest: problem.isRequest)
      }
    }
    guard source.length <= maximumSize else {
      throw failed("has \(source.length) bytes; a recipe has at most \(maximumSize)")
    }
    let bytes: [UInt8]
    do { bytes = try source.read(from: 0, count: source.length) } catch {
      let problem = error as? FileProblem
      throw failed(problem?.message ?? "cannot be read", isRequest: problem?.isRequest ?? false)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw failed("is not UTF-8 text") }
    return text
  }
}

extension RecipeProblems {
  /// The one problem that a file's values cannot be looked at for.
  init(_ origin: RecipeOrigin, _ key: String?, _ message: String, isRequest: Bool = true) {
    let issue = RecipeIssue(key.map { JSONPath($0) } ?? JSONPath(), message)
    self.init([RecipeProblem(origin, issue)], isRequest: isRequest)
  }
}
