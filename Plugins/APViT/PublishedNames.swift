import NeuralKit

/// The names in published files of APViT, against those of a model here.
///
/// | checkpoint | model |
/// |---|---|
/// | `extractor.body.S.X`, stages counted from 0 | `backbone.body{S + 1}.X` |
/// | `extractor.X` otherwise | `backbone.X` |
/// | `vit.X` | `encoder.X` |
/// | `head.fc.X` | `head.linear.X` |
enum PublishedNames {
  static let all = [model, vision]

  static let names = KeyBeginnings(
    (0..<4).map { ("extractor.body.\($0).", "backbone.body\($0 + 1).") }
      + [
        ("extractor.", "backbone."), ("vit.", "encoder."), ("head.fc.", "head.linear."),
        ("", KeyBeginnings.nowhere),
      ],
    isUnused: { $0.hasSuffix(".num_batches_tracked") })

  /// A whole model, as the authors publish it for RAF-DB. Its classes have an order of the authors' own.
  static let model: WeightNaming = {
    var naming = WeightNaming("APViT checkpoint") { names.name(ofKey: $0) }
    naming.word = "apvit"
    naming.parts = [
      .init("backbone", "ir50"), .init("encoder", "attentive-pooling-vit"), .init("head", "linear"),
    ]
    naming.orders = [
      .init("raf-db", ["anger", "disgust", "fear", "sadness", "happiness", "surprise", "neutral"])
    ]
    naming.classArray = "head.linear.bias"
    naming.fileName = { names.key(ofName: $0) }
    return naming
  }()

  /// The small vision transformer (Dosovitskiy et al. 2021) in the file of PyTorch Image Models that the authors start
  /// from, `vit_small_p16_224`: its blocks, its last norm and its class token. Its positions stand in one array for
  /// class token and patches, so both start anew here; its patch embedding and its classifier have no place.
  static let vision = WeightNaming(
    "small vision transformer of PyTorch Image Models", word: "vit-small-timm",
    component: "attentive-pooling-vit"
  ) { key in ["blocks", "norm", "cls_token"].contains(WeightNaming.steps(of: key)[0]) ? key : nil }
}
