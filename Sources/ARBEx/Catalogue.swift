import FERCore
import FERData
import FERTools
import FERTraining
import APViT
import Baselines
import DlibFaces
import EfficientFace
import IR50
import MobileFaceNet
import POSTER
import POSTERPlusPlus
import RAN
import ReliabilityBalancing
import ResNet
import RUL
import SCN

extension Registry {
  /// The plug-ins that come with arbex. To add one, add its line here.
  package static let builtinPlugins: [any Plugin.Type] = [
    IR50Plugin.self, MobileFaceNetPlugin.self, ResNetPlugin.self, POSTERPlusPlusPlugin.self,
    POSTERPlugin.self, APViTPlugin.self, EfficientFacePlugin.self, RANPlugin.self, RULPlugin.self,
    SCNPlugin.self, DlibFacesPlugin.self, BaselinesPlugin.self, ReliabilityBalancingPlugin.self,
    FERDataPlugin.self,
    FERTrainingPlugin.self,
  ]

  /// Every component that comes with arbex, and those of further plug-ins.
  /// - Throws: ``RegistryProblem`` where two of them claim one name.
  package static func builtins(and plugins: [any Plugin.Type] = []) throws -> Registry {
    try Registry(plugins: builtinPlugins + plugins)
  }
}
