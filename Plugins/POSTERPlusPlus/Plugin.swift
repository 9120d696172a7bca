import FERCore

/// POSTER++: the encoder `wmcsa-vit`, and the names of published checkpoints.
package enum POSTERPlusPlusPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.encoders.register(
      "wmcsa-vit", WindowViT.self, "POSTER++: landmarks ask the image, a transformer joins the levels")
    for naming in [POSTERNames.naming, EarlierNames.arbex] {
      try registry.register(naming)
    }
  }
}
