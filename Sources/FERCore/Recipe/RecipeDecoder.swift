import NeuralKit
import Support

/// Turns what a recipe says into an options struct, over the defaults of that struct.
///
/// Foundation's decoder ignores the defaults of properties, lets unknown keys pass and stops at the first
/// problem. This one takes the default where a value is absent or wrong and records every problem with its path.
package struct RecipeDecoder {
  /// Keys beside the options themselves, read by somebody else: `use`, `weights` ...
  private let reserved: [String]
  /// Whose options they are, for sentences: `"attentive"`.
  private let owner: String
  /// What the owner calls them: an option, a key.
  private let noun: String
  /// The folder from which a relative path at that place starts.
  private let folder: @Sendable (JSONPath) -> String
  /// Finds the components that options hold; where there is none, options cannot hold any but their defaults.
  private let resolver: ComponentResolver?

  package init(
    owner: String, noun: String = "option", reserved: [String] = [],
    folder: @escaping @Sendable (JSONPath) -> String = { _ in "" }, resolver: ComponentResolver? = nil
  ) {
    (self.owner, self.noun, self.reserved) = (owner, noun, reserved)
    (self.folder, self.resolver) = (folder, resolver)
  }

  /// The options, and everything that is wrong with what was given.
  /// - Parameter given: what the recipe says; nil where it says nothing.
  package func decode<Options: ComponentOptions>(
    _ type: Options.Type, from given: JSONValue?, at path: JSONPath
  ) -> (options: Options, issues: [RecipeIssue]) {
    let log = IssueLog()
    guard let standard = try? JSONValue.encoding(Options()) else {
      return (
        Options(), [RecipeIssue(path, "the defaults of \(owner) are not finite numbers; it cannot be used")]
      )
    }
    let keys = Options.described().map(\.key)
    for (place, key) in keys.enumerated() where keys[..<place].contains(key) {
      log.add(RecipeIssue(path / key, "is declared twice, perhaps by a group of options; rename one"))
    }
    findUnknown(in: given ?? .null, standard: standard, at: path, isTop: true, log: log)
    let node = RecipeNode(path: path, log: log, folder: folder, resolver: resolver)
    let options: Options
    do { options = try node.read(Options.self, given ?? .null, standard: standard) } catch {
      log.add(error)
      options = Options()
    }
    // A value that could not be read was replaced by its default; only what was read can be out of range.
    let ranges = options.allIssues().map { RecipeIssue(path / $0.key, $0.message) }
    let isTold = { (path: JSONPath) in log.issues.contains { $0.path.steps.starts(with: path.steps) } }
    return (options, log.issues + ranges.filter { !isTold($0.path) })
  }

  private func findUnknown(
    in given: JSONValue, standard: JSONValue, at path: JSONPath, isTop: Bool, log: IssueLog
  ) {
    guard let members = given.members, let known = standard.members else { return }
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      if let standard = known[key] {
        findUnknown(in: value, standard: standard, at: path / key, isTop: false, log: log)
      } else if !isTop || !reserved.contains(key) {
        log.add(
          unknown(
            key, holding: value, options: known.keys.sorted(), besides: isTop ? reserved.sorted() : [],
            at: path))
      }
    }
  }

  private func unknown(
    _ key: String, holding value: JSONValue, options: [String], besides: [String], at path: JSONPath
  ) -> RecipeIssue {
    let known = options + besides
    // Another program's word for an option of this owner, before a word of similar letters.
    let usual = UsualWords.place(of: key).flatMap { place in
      known.first { place.hasSuffix(".\($0)") && place == "\(path / $0)" }
    }
    let suggestion =
      usual.map { "; did you mean \"\($0)\"?" }
      ?? NearestName.of(key, among: known).map { "; did you mean \"\($0)\"?" }
      ?? UsualWords.suggestion(for: key, holding: value, at: path)
    let own = noun == "key" ? (options + besides).sorted() : options
    let also = noun == "key" || besides.isEmpty ? "" : "; also " + besides.joined(separator: ", ")
    return RecipeIssue(
      path / key, "\(owner) has no such \(noun)" + suggestion,
      note: "\(noun)s: " + (own.isEmpty ? "none" : own.joined(separator: ", ")) + also)
  }
}
