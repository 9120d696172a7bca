import FERCore

/// Networks that turn a face into feature maps: `ir50`, `mobilefacenet`, `resnet18`, `resnet50`, and
/// `mobilefacenet` again as a landmark extractor; and the names in their published
/// files.
public enum FaceBackbonesPlugin: Plugin {
  /// Puts the components on their shelves.
  public static func register(in registry: inout Registry) throws {
    try registry.backbones.register(
      "ir50", IR50.self, "face recognition's IR-50, first three stages, as in POSTER++")
    try registry.backbones.register(
      "mobilefacenet", MobileFaceNetBackbone.self, "a small network made for faces")
    try registry.backbones.register("resnet18", ResNet18.self, "the usual baseline")
    try registry.backbones.register("resnet50", ResNet50.self, "the usual larger baseline")
    try registry.landmarks.register(
      "mobilefacenet", MobileFaceNetLandmarks.self,
      "features that locate 68 points of the face, as in POSTER++")
    for naming in PublishedNames.all { try registry.register(naming) }
  }
}
