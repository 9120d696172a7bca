import NeuralKit

/// The names in RUL's published files, which hold the network and its classifier in two dictionaries: `model_state_dict` and
/// `fc_state_dict`, whose keys are read as `fc.X`.
///
/// | file | model |
/// |---|---|
/// | `features.X`, ResNet-18's layers by their numbers | `backbone.X`, by the names that the backbone's plug-in knows |
/// | `mu.X`, `log_var.X` | `encoder.mu.X`, `encoder.log_var.X` |
/// | `fc.X` | `head.linear.X` |
///
/// Only code for RAF-DB was published, so such files have its classes in its order.
enum PublishedNames {
  static let checkpoint: WeightNaming = {
    let names = KeyBeginnings([
      ("mu.", "encoder.mu."), ("log_var.", "encoder.log_var."), ("fc.", "head.linear."),
      ("", KeyBeginnings.nowhere),
    ])
    var naming = WeightNaming("RUL checkpoint") { names.name(ofKey: $0) }
    naming.word = "rul"
    naming.parts = [
      .init("backbone", "resnet18", prefix: "features."), .init("encoder", "relative-uncertainty"),
      .init("head", "linear"),
    ]
    naming.orders = [
      .init("raf-db", ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"])
    ]
    naming.classArray = "head.linear.bias"
    return naming
  }()
}
