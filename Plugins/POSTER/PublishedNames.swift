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
  private static let names = KeyBeginnings(
    [("face_landback.", "landmarks."), ("ir_back.", "backbone.")]
      + ["ir_layer.", "pyramid_fuse.", "se_block.", "landmark_layer."].map { ($0, "encoder." + $0) }
      + ["head.", "reduction.", "corrections."].map { ($0, $0) } + [("", KeyBeginnings.nowhere)],
    // The one thing that a published file holds and the network never uses.
    isUnused: { $0 == "pyramid_fuse.cls_token" })
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
    names.name(ofKey: key).map { $0.hasPrefix("backbone.") ? staged($0) : $0 }
  }

  /// The checkpoint's key for one of the model's names, without `module.`.
  package static func key(ofModelName name: String) -> String {
    names.key(ofName: name.hasPrefix("backbone.") ? counted(name) : name)
  }

  /// `backbone.body.7.X` -> `backbone.body3.0.X`
  private static func staged(_ name: String) -> String {
    let steps = WeightNaming.steps(of: name)
    guard steps.count > 3, steps[1] == "body", let number = Int(steps[2]) else { return name }
    var first = 0
    for (stage, count) in units.enumerated() {
      if (first..<first + count).contains(number) {
        return (["backbone", "body\(stage + 1)", "\(number - first)"] + steps.dropFirst(3))
          .joined(separator: ".")
      }
      first += count
    }
    return name
  }

  /// `backbone.body3.0.X` -> `backbone.body.7.X`
  private static func counted(_ name: String) -> String {
    let steps = WeightNaming.steps(of: name)
    guard steps.count > 3, steps[1].hasPrefix("body"), let stage = Int(steps[1].dropFirst("body".count)),
      units.indices.contains(stage - 1), let unit = Int(steps[2])
    else { return name }
    return (["backbone", "body", "\(units.prefix(stage - 1).reduce(0, +) + unit)"] + steps.dropFirst(3))
      .joined(separator: ".")
  }
}
