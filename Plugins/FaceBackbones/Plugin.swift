import FERCore

/// Networks that turn a face into feature maps: `ir50`, `mobilefacenet`, `resnet18`, `resnet50`, and
/// `mobilefacenet` again as a landmark extractor.
public enum FaceBackbonesPlugin: Plugin {
  public static func register(in registry: inout Registry) throws {
    try registry.backbones.register("ir50", IR50.self)
    try registry.backbones.register("mobilefacenet", MobileFaceNetBackbone.self)
    try registry.backbones.register("resnet18", ResNet18.self)
    try registry.backbones.register("resnet50", ResNet50.self)
    try registry.landmarks.register("mobilefacenet", MobileFaceNetLandmarks.self)
  }
}
