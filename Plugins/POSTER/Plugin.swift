import FERCore

/// POSTER++: the encoder `wmcsa-vit`, the head `linear`, and the names of published checkpoints.
public enum POSTERPlugin: Plugin {
  /// Puts the components on their shelves.
  public static func register(in registry: inout Registry) throws {
    try registry.encoders.register(
      "wmcsa-vit", WindowViT.self, "POSTER++: landmarks ask the image, a transformer joins the levels")
    try registry.heads.register("linear", LinearHead.self, "one linear layer")
    for naming in [POSTERNames.naming, EarlierNames.poster, EarlierNames.arbex] {
      try registry.register(naming)
    }
  }
}
