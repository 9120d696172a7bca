import FERCore

/// POSTER++: the encoder `wmcsa-vit` and the head `linear`.
public enum POSTERPlugin: Plugin {
  public static func register(in registry: inout Registry) throws {
    try registry.encoders.register(
      "wmcsa-vit", WindowViT.self, "POSTER++: landmarks ask the image, a transformer joins the levels")
    try registry.heads.register("linear", LinearHead.self, "one linear layer")
  }
}
