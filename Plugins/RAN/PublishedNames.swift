import NeuralKit

/// The names in published RAN checkpoints, brought to those of a model here. The trunk is named as torchvision's ResNets;
/// the ResNet plug-in knows it alone.
///
/// | checkpoint | model |
/// |---|---|
/// | `alpha.0.X`, `beta.0.X` | `encoder.alpha.0.X`, `encoder.beta.0.X` |
/// | `fc.X` | `head.linear.X` |
/// | `conv1.X`, `bn1.X`, `layer1.X` ... | `backbone.` and the same |
enum PublishedNames {
  static let naming: WeightNaming = {
    let trunk: Set<String> = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
    var naming = WeightNaming("RAN checkpoint") { key in
      let bare = key.hasPrefix("module.") ? String(key.dropFirst("module.".count)) : key
      switch WeightNaming.steps(of: bare)[0] {
      case "alpha", "beta": return "encoder." + bare
      case "fc": return "head.linear." + bare.dropFirst("fc.".count)
      case let step where trunk.contains(step): return "backbone." + bare
      default: return nil
      }
    }
    naming.word = "ran"
    naming.parts = [
      .init("backbone", "resnet18"), .init("encoder", "region-attention"), .init("head", "linear"),
    ]
    // Any ResNet has the other names.
    naming.marks = ["alpha.0.weight", "beta.0.weight"]
    naming.orders = [
      .init(
        "ferplus",
        ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]),
      .init(
        "affectnet-8",
        ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"]),
    ]
    naming.classArray = "head.linear.bias"
    naming.fileName = { key(ofModelName: $0) }
    return naming
  }()

  /// The checkpoint's key for one of the model's names, without `module.`.
  static func key(ofModelName name: String) -> String {
    let ways = [("head.linear.", "fc."), ("encoder.", ""), ("backbone.", "")]
    return ways.first { name.hasPrefix($0.0) }.map { $0.1 + name.dropFirst($0.0.count) } ?? name
  }
}
