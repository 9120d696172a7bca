import FERCore
import Support

/// A registered component that is looked at, with what a recipe would say of it.
struct Subject<Kind> {
  let entry: Entry<Kind>
  /// nil for the defaults.
  var options: JSONValue? = nil
  /// Finds components that stand inside it.
  let resolver: ComponentResolver

  var summary: ComponentSummary { entry.summary }
  var prepared: Prepared<Kind> { prepared(options) }

  func prepared(_ given: JSONValue?) -> Prepared<Kind> { entry.prepared(given, resolver: resolver) }

  func hasOption(_ key: String) -> Bool { summary.options.contains { $0.key == key } }

  /// Makes a part in its place.
  func make(in context: inout BuildContext) throws -> Kind {
    try entry.make(options, in: &context, resolver: resolver)
  }

  /// Makes what has no place in a model. Files and folders that it cannot do without are said to be at `path`.
  /// - Parameter changes: options beside the subject's own.
  func make(_ changes: [String: JSONValue] = [:], path: String = "/nowhere") throws -> Kind {
    var given = (options?.members ?? [:]).merging(changes) { $1 }
    while true {
      do { return try entry.make(.object(given), resolver: resolver) } catch let issue as BuildIssue {
        let isPath = summary.options.contains { $0.key == issue.key && $0.kind == "path" }
        guard isPath, given[issue.key] == nil else { throw issue }
        given[issue.key] = .string(path)
      }
    }
  }
}
