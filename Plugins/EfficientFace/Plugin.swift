import FERCore

/// EfficientFace: a light backbone, the loss that it learns from a teacher's distributions by, and the names in its
/// published files and in those of its teacher.
package enum EfficientFacePlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.backbones.register(
      "efficientface", EfficientFace.self,
      "EfficientFace: ShuffleNetV2, local features, channel-spatial gates")
    try registry.losses.register(
      "label-distribution", LabelDistribution.self, "EfficientFace: of a distribution, a C-th for each class")
    for naming in PublishedNames.all { try registry.register(naming) }
  }
}
