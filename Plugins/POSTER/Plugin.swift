import FERCore

/// POSTER: the encoder `pyramid-cross-fusion`, and the names of published checkpoints.
package enum POSTERPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.encoders.register(
      "pyramid-cross-fusion", PyramidCrossFusion.self,
      "POSTER: image and landmarks ask each other, at three widths")
    try registry.register(PublishedNames.naming)
  }
}
