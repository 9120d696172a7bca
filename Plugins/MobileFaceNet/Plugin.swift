import FERCore

/// MobileFaceNet as backbone and as landmark extractor, and the names in its published files.
package enum MobileFaceNetPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.backbones.register(
      "mobilefacenet", MobileFaceNetBackbone.self, "a small network made for faces")
    try registry.landmarks.register(
      "mobilefacenet", MobileFaceNetLandmarks.self,
      "features that locate 68 points of the face, as in POSTER++")
    for naming in PublishedNames.all { try registry.register(naming) }
  }
}
