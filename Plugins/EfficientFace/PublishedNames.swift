import NeuralKit

/// The names in EfficientFace's published files, brought to those of a model here.
///
/// | checkpoint | model |
/// |---|---|
/// | `fc.X` | `head.linear.X` |
/// | any other `X` of the network | `backbone.X` |
///
/// Its teacher, the label distribution generator, is a ResNet-50 with a classifier, named alike.
enum PublishedNames {
  static let all = [
    whole(
      "EfficientFace checkpoint", "efficientface", backbone: "efficientface", trunk,
      marks: ["local.conv1_1.weight"]),
    WeightNaming(
      "backbone of EfficientFace", word: "efficientface-backbone", component: "efficientface"
    ) { trunk.contains(WeightNaming.steps(of: $0)[0]) ? $0 : nil },
    whole(
      "ResNet-50 with a classifier, such as EfficientFace's label distribution generator",
      "efficientface-teacher", backbone: "resnet50",
      ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"],
      marks: ["layer1.0.conv3.weight", "layer3.5.conv3.weight"]),
  ]

  private static let trunk: Set<String> = [
    "conv1", "stage2", "stage3", "stage4", "local", "modulator", "conv5",
  ]

  private static func whole(
    _ name: String, _ word: String, backbone: String, _ trunk: Set<String>, marks: [String]
  ) -> WeightNaming {
    let names = KeyBeginnings(
      [("fc.", "head.linear.")] + trunk.sorted().map { ("\($0).", "backbone.\($0).") })
    var naming = WeightNaming(name) { names.name(ofKey: $0) }
    (naming.word, naming.marks) = (word, marks)
    naming.parts = [
      .init("backbone", backbone), .init("encoder", "average-pool"), .init("head", "linear"),
    ]
    naming.orders = [
      .init(
        "efficientface", ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger"])
    ]
    naming.classArray = "head.linear.bias"
    naming.fileName = { names.key(ofName: $0) }
    return naming
  }
}
