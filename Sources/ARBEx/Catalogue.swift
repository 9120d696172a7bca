import FERCore
import FERData
import FERTraining
import FaceBackbones
import POSTER
import ReliabilityBalancing

extension Registry {
  /// The plug-ins that come with arbex. To add one, add its line here.
  public static let builtinPlugins: [any Plugin.Type] = [
    FaceBackbonesPlugin.self,
    POSTERPlugin.self,
    ReliabilityBalancingPlugin.self,
    FERDataPlugin.self,
    FERTrainingPlugin.self,
  ]

  /// Every component that comes with arbex, and those of further plug-ins.
  /// - Throws: ``RegistryProblem`` where two of them claim one name.
  public static func builtins(and plugins: [any Plugin.Type] = []) throws -> Registry {
    try Registry(plugins: builtinPlugins + plugins)
  }
}
