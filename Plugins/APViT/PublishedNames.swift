import NeuralKit

/// The names in published files of APViT, against those of a model here.
///
/// | checkpoint | model |
/// |---|---|
/// | `extractor.input_layer.X` | `backbone.input_layer.X` |
/// | `extractor.body.S.X`, stages counted from 0 | `backbone.body{S + 1}.X` |
/// | `vit.X` | `encoder.X` |
/// | `head.fc.X` | `head.linear.X` |
enum PublishedNames {
  static let all = [model, vision]

  /// A whole model, as the authors publish it for RAF-DB. Its classes have an order of the authors' own.
  static let model: WeightNaming = {
    var naming = WeightNaming("APViT checkpoint") { modelName(ofKey: $0) }
    naming.word = "apvit"
    naming.parts = [
      .init("backbone", "ir50"), .init("encoder", "attentive-pooling-vit"), .init("head", "linear"),
    ]
    naming.orders = [
      .init("raf-db", ["anger", "disgust", "fear", "sadness", "happiness", "surprise", "neutral"])
    ]
    naming.classArray = "head.linear.bias"
    naming.fileName = { key(ofModelName: $0) }
    return naming
  }()

  /// The small vision transformer (Dosovitskiy et al. 2021) in the file of PyTorch Image Models that the authors start
  /// from, `vit_small_p16_224`: its blocks, its last norm and its class token. Its positions stand in one array for
  /// class token and patches, so both start anew here; its patch embedding and its classifier have no place.
  static let vision = WeightNaming(
    "small vision transformer of PyTorch Image Models", word: "vit-small-timm",
    component: "attentive-pooling-vit"
  ) { key in ["blocks", "norm", "cls_token"].contains(WeightNaming.steps(of: key)[0]) ? key : nil }

  /// The model's name for a checkpoint's key; nil where the network has no use for it.
  static func modelName(ofKey key: String) -> String? {
    let key = bare(key)
    guard !isCounter(key) else { return nil }
    let steps = WeightNaming.steps(of: key)
    let rest = { (count: Int) in steps.dropFirst(count).joined(separator: ".") }
    switch (steps.first, steps.count > 1 ? steps[1] : "") {
    case ("extractor", "input_layer"): return "backbone.\(rest(1))"
    case ("extractor", "body"):
      guard steps.count > 3, let stage = Int(steps[2]), (0..<9).contains(stage) else { return unknown(key) }
      return "backbone.body\(stage + 1).\(rest(3))"
    case ("vit", _): return "encoder.\(rest(1))"
    case ("head", "fc"): return "head.linear.\(rest(2))"
    default: return unknown(key)
    }
  }

  /// The checkpoint's key for one of the model's names.
  static func key(ofModelName name: String) -> String {
    let steps = WeightNaming.steps(of: name)
    let rest = { (count: Int) in steps.dropFirst(count).joined(separator: ".") }
    switch (steps.first, steps.count > 1 ? steps[1] : "") {
    case ("backbone", let place) where place.hasPrefix("body"):
      guard let stage = Int(place.dropFirst("body".count)) else { return name }
      return "extractor.body.\(stage - 1).\(rest(2))"
    case ("backbone", _): return "extractor.\(rest(1))"
    case ("encoder", _): return "vit.\(rest(1))"
    case ("head", "linear"): return "head.fc.\(rest(2))"
    default: return name
    }
  }

  /// Without what PyTorch's data-parallel wrapper puts before a key.
  private static func bare(_ key: String) -> String {
    key.hasPrefix("module.") ? String(key.dropFirst("module.".count)) : key
  }

  private static func isCounter(_ key: String) -> Bool { key.hasSuffix(".num_batches_tracked") }

  /// A name that no model has, for a key that is not of such files.
  private static func unknown(_ key: String) -> String { "?." + key }
}
