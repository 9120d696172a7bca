import FERCore

/// POSTER++: the encoder `wmcsa-vit` and the head `linear`.
public enum POSTERPlugin: Plugin {
  public static func register(in registry: inout Registry) throws {
    try registry.encoders.register("wmcsa-vit", WindowViT.self)
    try registry.heads.register("linear", LinearHead.self)
  }
}
