import FERCore

/// ResNet-18 and ResNet-50, and the names in their published files.
package enum ResNetPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.backbones.register("resnet18", ResNet18.self, "the usual baseline")
    try registry.backbones.register("resnet50", ResNet50.self, "the usual larger baseline")
    for naming in PublishedNames.all { try registry.register(naming) }
  }
}
