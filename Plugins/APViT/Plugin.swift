import FERCore

/// APViT's transformer with its two attentive poolings, and the names in its published files.
package enum APViTPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.encoders.register(
      "attentive-pooling-vit", AttentivePoolingViT.self, "APViT: lets go of weak patches, then of weak tokens"
    )
    for naming in PublishedNames.all { try registry.register(naming) }
  }
}
