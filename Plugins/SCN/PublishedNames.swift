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
    var naming = WeightNaming("SCN checkpoint") { key in
      // What is not of such files gets a name that no model has.
      ["alpha.", "fc."].contains { key.hasPrefix($0) } ? "head.\(key)" : "?.\(key)"
    }
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
