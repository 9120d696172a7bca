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
  private static let names = KeyBeginnings(
    [("alpha.", "encoder.alpha."), ("beta.", "encoder.beta."), ("fc.", "head.linear.")]
      + ["conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4."].map { ($0, "backbone." + $0) })

  static let naming: WeightNaming = {
    var naming = WeightNaming("RAN checkpoint") { names.name(ofKey: $0) }
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
    naming.fileName = { names.key(ofName: $0) }
    return naming
  }()
}
