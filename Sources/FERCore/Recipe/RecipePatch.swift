import Support

/// A change of a recipe that another file holds: objects merge, null removes, the rest replaces. Paths in it start from that
/// file's folder, and what is wrong with it is told with that file's lines.
package struct RecipePatch: Sendable {
  let tree: SourcedValue

  /// - Parameter value: an object in the form of a recipe.
  /// - Parameter place: where it stands in the document.
  package init(_ value: JSONValue, at place: JSONPath, in document: RecipeDocument) {
    tree = SourcedValue(value) { document.origin(at: JSONPath(steps: place.steps + $0.steps)) }
  }

  /// One value of a recipe.
  /// - Parameter key: its path, as in "training.epochs".
  /// - Parameter origin: where the value stands.
  package init(_ value: JSONValue, for key: String, from origin: RecipeOrigin) {
    let leaf = SourcedValue(value) { _ in origin }
    tree = key.split(separator: ".").reversed().reduce(leaf) {
      SourcedValue(origin: origin, content: .object([String($1): $0]))
    }
  }
}
