import NeuralKit

/// The names in SCN's published files.
///
/// | file | model |
/// |---|---|
/// | `features.X`, ResNet-18's layers by their numbers | `backbone.X`, by the names that the backbone's plug-in knows |
/// | `alpha.0.X`, `fc.X` | `head.alpha.0.X`, `head.fc.X` |
///
/// Only code for RAF-DB was published, so such files have its classes in its order.
enum PublishedNames {
  static let checkpoint: WeightNaming = {
    let names = KeyBeginnings([
      ("alpha.", "head.alpha."), ("fc.", "head.fc."), ("", KeyBeginnings.nowhere),
    ])
    var naming = WeightNaming("SCN checkpoint") { names.name(ofKey: $0) }
    naming.word = "scn"
    naming.parts = [
      .init("backbone", "resnet18", prefix: "features."), .init("encoder", "average-pool"),
      .init("head", "self-cure"),
    ]
    naming.orders = [
      .init("raf-db", ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"])
    ]
    naming.classArray = "head.fc.bias"
    return naming
  }()
}
