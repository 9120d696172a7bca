import FERCore

/// RUL, which learns how uncertain a face is by mixing it with another one, and the names in its published files.
package enum RULPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.encoders.register(
      "relative-uncertainty", RelativeUncertainty.self, "what a face shows, and how uncertain that is")
    try registry.losses.register(
      "add-up", AddUp.self, "two faces, mixed by their uncertainties, must show both expressions")
    try registry.register(PublishedNames.checkpoint)
    try registry.register(ReportSection.uncertainty)
  }
}
