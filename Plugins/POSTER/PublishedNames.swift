import NeuralKit

/// The names that published POSTER checkpoints use, against those of a model here.
///
/// | checkpoint | model |
/// |---|---|
/// | `face_landback.X` | `landmarks.X` |
/// | `ir_back.body.N.X`, units of all stages counted through | `backbone.bodyS.U.X` |
/// | `ir_back.X` otherwise | `backbone.X` |
/// | `ir_layer.X`, `pyramid_fuse.X`, `se_block.X`, and our `landmark_layer.X` | `encoder.X` |
/// | `head.linear.X`, and what POSTER does not have: `head`, `reduction`, `corrections` | the same |
///
/// Published files prefix every key with `module.`. The two extractors' keys are those of their own files.
package enum PublishedNames {
  /// What a published file holds and the network never uses.
  private static let unused = ["pyramid_fuse.cls_token"]
  private static let encoder = ["ir_layer.", "pyramid_fuse.", "se_block.", "landmark_layer."]
  private static let own = ["head.", "reduction.", "corrections."]
  /// Units of the stages of IR-50.
  private static let units = [3, 4, 14, 3]

  /// The names, for reading a published file and for the way back.
  ///
  /// Which numbers mean which classes is known of the published files, but no file tells which of them it is: RAF-DB's
  /// follow its labels, AffectNet's its annotations. The RAF-DB model saw images as blue, green, red.
  package static let naming: WeightNaming = {
    var naming = WeightNaming("POSTER checkpoint") { modelName(ofKey: $0) }
    naming.word = "poster"
    naming.parts = [
      .init("backbone", "ir50", prefix: "ir_back."),
      .init("landmarks", "mobilefacenet", prefix: "face_landback."),
      .init("encoder", "pyramid-cross-fusion"), .init("head", "linear"),
    ]
    let affectNet = ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"]
    naming.orders = [
      .init("raf-db", ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"]),
      .init("affectnet-7", Array(affectNet.prefix(7))), .init("affectnet-8", affectNet),
    ]
    naming.classArray = "head.linear.bias"
    naming.fileName = { key(ofModelName: $0) }
    return naming
  }()

  /// The model's name for a checkpoint's key; nil where the network has no use for it; a name that no model has where the
  /// key is not of such files.
  static func modelName(ofKey key: String) -> String? {
    let bare = key.hasPrefix("module.") ? String(key.dropFirst("module.".count)) : key
    if unused.contains(bare) { return nil }
    if encoder.contains(where: bare.hasPrefix) { return "encoder." + bare }
    if own.contains(where: bare.hasPrefix) { return bare }
    let steps = WeightNaming.steps(of: bare)
    switch steps[0] {
    case "face_landback": return "landmarks." + steps.dropFirst().joined(separator: ".")
    case "ir_back": return "backbone." + staged(steps.dropFirst()).joined(separator: ".")
    default: return "?." + bare
    }
  }

  /// The checkpoint's key for one of the model's names, without `module.`.
  package static func key(ofModelName name: String) -> String {
    let steps = WeightNaming.steps(of: name)
    let rest = steps.dropFirst()
    switch steps[0] {
    case "landmarks": return "face_landback." + rest.joined(separator: ".")
    case "backbone": return "ir_back." + counted(rest).joined(separator: ".")
    case "encoder": return rest.joined(separator: ".")
    default: return name
    }
  }

  /// `body.7.X` -> `body3.0.X`
  private static func staged(_ steps: ArraySlice<String>) -> [String] {
    let steps = Array(steps)
    guard steps.count > 2, steps[0] == "body", let number = Int(steps[1]) else { return steps }
    var first = 0
    for (stage, count) in units.enumerated() {
      if (first..<first + count).contains(number) {
        return ["body\(stage + 1)", "\(number - first)"] + steps.dropFirst(2)
      }
      first += count
    }
    return steps
  }

  /// `body3.0.X` -> `body.7.X`
  private static func counted(_ steps: ArraySlice<String>) -> [String] {
    let steps = Array(steps)
    guard steps.count > 2, steps[0].hasPrefix("body"), let stage = Int(steps[0].dropFirst("body".count)),
      units.indices.contains(stage - 1), let unit = Int(steps[1])
    else { return steps }
    return ["body", "\(units.prefix(stage - 1).reduce(0, +) + unit)"] + steps.dropFirst(2)
  }
}
