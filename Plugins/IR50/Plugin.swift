import FERCore

/// IR-50 of face recognition, and the names in its published files.
package enum IR50Plugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.backbones.register(
      "ir50", IR50.self, "face recognition's IR-50, first three stages, as in POSTER++")
    for naming in PublishedNames.all { try registry.register(naming) }
  }
}
