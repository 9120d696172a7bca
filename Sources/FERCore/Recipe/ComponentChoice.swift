import NeuralKit
import Support

/// A component that a recipe chose, its options read and found good.
struct ComponentChoice<Kind, Settings: ComponentOptions> {
  /// Its key in a keyed map; else the name of its place: "backbone".
  let key: String
  let path: JSONPath
  let summary: ComponentSummary
  let settings: Settings
  let prepared: Prepared<Kind>
  /// Whether everything it says of itself is right.
  let isSound: Bool

  /// As people know it: `sampler "shuffled"`.
  var title: String { "\(summary.kind) \"\(summary.name)\"" }

  /// Everything about it, as a recipe would write it.
  var effective: JSONValue {
    let own = prepared.effective.members ?? [:]
    let beside = (try? JSONValue.encoding(settings))?.members ?? [:]
    return .object(own.merging(beside) { mine, _ in mine }.merging(["use": .string(summary.name)]) { $1 })
  }

  /// Makes the component; `issues` gains what its `init` objects to.
  /// - Returns: nil where it cannot be made.
  func build(in context: inout BuildContext, issues: inout [RecipeIssue]) -> Kind? {
    guard isSound else { return nil }
    let running = Running(title)
    do { return try running { try prepared.build(&context) } } catch let issue as BuildIssue {
      issues.append(RecipeIssue(issue, of: path))
    } catch let issue as OptionIssue {
      issues.append(RecipeIssue(path / issue.key, issue.message))
    } catch let issue as RecipeIssue {
      issues.append(issue)
    } catch { issues.append(RecipeIssue(path, "cannot be built: \(error)")) }
    return nil
  }

  /// The same for what has no place in a model and so takes nothing from a context.
  func build(issues: inout [RecipeIssue]) -> Kind? {
    var context = BuildContext(scope: ParameterScope(), classes: [], inputSize: 0)
    return build(in: &context, issues: &issues)
  }

  /// Makes one anew of what has been checked.
  func make() throws -> Kind {
    var context = BuildContext(scope: ParameterScope(), classes: [], inputSize: 0)
    return try prepared.build(&context)
  }
}
