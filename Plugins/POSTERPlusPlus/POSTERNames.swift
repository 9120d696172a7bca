import NeuralKit

/// The names that published POSTER++ checkpoints use, against those of a model here.
///
/// | checkpoint | model |
/// |---|---|
/// | `face_landback.X` | `landmarks.X` |
/// | `ir_back.X` | `backbone.X` |
/// | `VIT.head.linear.X` | `head.linear.X` |
/// | `head.X`, `reduction.X`, `corrections.X`, which POSTER++ does not have | the same |
/// | any other `X` | `encoder.X` |
///
/// Published files prefix every key with `module.`, and hold weights that the network never uses; both are
/// dealt with here.
package enum POSTERNames {
  /// What a published file holds and the network never uses: buffers that follow from sizes, the output layer
  /// of IR-50, and layers left over from earlier versions.
  static let unusedPrefixes = [
    "ir_back.output_layer.", "VIT.patch_embed.", "VIT.eca_block.", "VIT.CON1.", "VIT.IRLinear1.",
    "VIT.IRLinear2.",
  ]
  /// Endings of keys that the network never uses.
  static let unusedSuffixes = [".num_batches_tracked", ".relative_position_index"]

  private static let names = KeyBeginnings(
    [
      ("face_landback.", "landmarks."), ("ir_back.", "backbone."), ("VIT.head.linear.", "head.linear."),
      ("head.", "head."), ("reduction.", "reduction."), ("corrections.", "corrections."), ("", "encoder."),
    ], isUnused: isUnused)

  /// The names, for reading a published file and for the way back.
  ///
  /// Which numbers mean which classes is known of the published files, but no file tells which of them it is: RAF-DB's
  /// follow its labels, AffectNet's its own, CAER-S's the alphabet, as its folders are read.
  package static let naming: WeightNaming = {
    var naming = WeightNaming("POSTER++ checkpoint") { modelName(ofKey: $0) }
    naming.word = "poster++"
    naming.parts = [
      .init("backbone", "ir50", prefix: "ir_back."),
      .init("landmarks", "mobilefacenet", prefix: "face_landback."),
      .init("encoder", "wmcsa-vit"), .init("head", "linear"),
    ]
    let affectNet = ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"]
    naming.orders = [
      .init("raf-db", ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"]),
      .init("affectnet-7", Array(affectNet.prefix(7))), .init("affectnet-8", affectNet),
      .init("caer-s", ["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]),
    ]
    naming.classArray = "head.linear.bias"
    naming.fileName = { key(ofModelName: $0) }
    return naming
  }()

  /// The model's name for a checkpoint's key; nil where the network has no use for it.
  static func modelName(ofKey key: String) -> String? { names.name(ofKey: key) }

  /// The checkpoint's key for one of the model's names, without `module.`.
  package static func key(ofModelName name: String) -> String { names.key(ofName: name) }

  @Sendable private static func isUnused(_ key: String) -> Bool {
    let isBlockConvolution =
      key.hasPrefix("VIT.blocks.") && key.split(separator: ".").dropFirst(3).first == "conv"
    return isBlockConvolution || unusedPrefixes.contains { key.hasPrefix($0) }
      || unusedSuffixes.contains { key.hasSuffix($0) }
  }
}
