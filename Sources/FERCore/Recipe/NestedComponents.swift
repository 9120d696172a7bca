import NeuralKit
import Support

/// A component inside another, as a recipe asks for it.
package struct NestedRequest {
  /// What it is handed out as: `(any Optimizer).self`.
  let kind: Any.Type
  /// The name that the recipe gives, and where that stands.
  let name: String, namePath: JSONPath
  /// Its own options in the recipe.
  let given: [String: JSONValue]
  /// What holds for it where it has an option of that name and `given` does not.
  let inherited: [String: InheritedValue]
  /// Where the component stands.
  let path: JSONPath
  let folder: @Sendable (JSONPath) -> String
}

/// A value that a component inside takes from its owner.
package struct InheritedValue {
  let value: JSONValue
  /// Where the owner's recipe has it.
  let path: JSONPath
}

/// What was found for a ``NestedRequest``.
package struct ResolvedComponent {
  /// All that is wrong, with full paths.
  let issues: [RecipeIssue]
  /// Every option that does not follow from the owner's.
  var options: [String: JSONValue] = [:]
  /// Makes the component; nil where there is none of that name.
  var build: (@Sendable () throws -> Any)?
}

/// Finds the component that an option asks for; nil where nobody can.
package typealias ComponentResolver = @Sendable (NestedRequest) -> ResolvedComponent?

extension Registry {
  /// Finds components among those registered. Parts of a model are never inside another component.
  package var resolver: ComponentResolver {
    { [self] request in
      found(request, among: optimizers) ?? found(request, among: schedules) ?? found(
        request, among: augmentations) ?? found(request, among: samplers) ?? found(request, among: datasets)
        ?? found(request, among: labelPolicies) ?? found(request, among: views)
    }
  }

  /// nil where these are of another kind.
  private func found<Kind>(_ request: NestedRequest, among components: ComponentRegistry<Kind>)
    -> ResolvedComponent?
  {
    guard request.kind == Kind.self else { return nil }
    let entry: Entry<Kind>
    do { entry = try components.entry(request.name, at: request.namePath) } catch {
      return ResolvedComponent(issues: [error])
    }
    let own = entry.summary.defaults.members ?? [:]
    let inherited = request.inherited.filter {
      own[$0.key] != nil && request.given[$0.key, default: .null] == .null
    }
    let given = request.given.merging(inherited.mapValues(\.value)) { $1 }
    let prepared = entry.prepared(
      .object(given), at: request.path, folder: request.folder, resolver: resolver)
    let issues = prepared.issues.map { issue in
      guard case .key(let key)? = issue.path.steps.dropFirst(request.path.steps.count).first,
        let value = inherited[key]
      else { return issue }
      return RecipeIssue(value.path, issue.message, note: issue.note)
    }
    return ResolvedComponent(
      issues: issues, options: (prepared.effective.members ?? [:]).filter { inherited[$0.key] == nil },
      build: {
        var context = BuildContext(scope: ParameterScope(), classes: [], inputSize: 0)
        do { return try prepared.build(&context) } catch let issue as BuildIssue {
          throw RecipeIssue(issue, of: request.path)
        }
      })
  }
}
