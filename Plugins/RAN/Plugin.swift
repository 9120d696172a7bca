import FERCore

/// RAN, the Region Attention Network: views of a face, an encoder that weighs them, a loss on the weights, and the names of
/// published checkpoints.
package enum RANPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.views.register("regions", Regions.self, "RAN: parts of the face, and the face as a whole")
    try registry.encoders.register(
      "region-attention", RegionAttention.self, "RAN: weighs the regions of a face")
    try registry.losses.register(
      "region-biased", RegionBiased.self, "RAN: the best region weighs more than the whole face")
    try registry.register(PublishedNames.naming)
    try registry.register(ReportSection.regions)
  }
}
