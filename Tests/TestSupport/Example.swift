import FERCore
import FERTools
import NeuralKit
import Testing

/// A worked example of a component that a test is given as its argument, and made anew for it.
package struct Example: Sendable, CustomTestStringConvertible {
  package let testDescription: String
  private let component: String
  private let make: @Sendable () throws -> WorkedExample

  /// - Parameter component: the kind's word in lists and the name in recipes: "samplers/shuffled".
  /// - Parameter words: what sets it apart from the component's other examples.
  package init(
    _ component: String, _ words: String = "", _ make: @escaping @Sendable () throws -> WorkedExample
  ) {
    (self.component, self.make) = (component, make)
    testDescription = words.isEmpty ? component : "\(component), \(words)"
  }

  /// What came out otherwise.
  package func check() throws -> [ConformanceKit.Finding] { ConformanceKit.check(try make()) }

  /// The plug-in's components of the kinds that work without a model, where these examples have none of them.
  package static func missing(for plugin: any Plugin.Type, among examples: [Example]) throws -> [String] {
    let registry = try Registry(plugins: [plugin])
    let all = [
      registry.samplers.summaries, registry.augmentations.summaries, registry.datasets.summaries,
      registry.labelPolicies.summaries, registry.views.summaries, registry.optimizers.summaries,
      registry.schedules.summaries,
    ]
    let shown = Set(examples.map(\.component))
    return all.joined().map { "\($0.plural)/\($0.name)" }.filter { !shown.contains($0) }
  }
}

extension ComponentOptions {
  /// The defaults, but for what `change` sets.
  package static func with(_ change: (inout Self) -> Void) -> Self {
    var options = Self()
    change(&options)
    return options
  }
}
