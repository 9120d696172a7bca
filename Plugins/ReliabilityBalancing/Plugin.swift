import FERCore

/// ARBEx's reliability balancing: correction terms, losses and the refinement sampler.
package enum ReliabilityBalancingPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.corrections.register(
      "anchor", AnchorCorrection.self, "the classes whose learned anchors are nearest")
    try registry.corrections.register(
      "attentive", AttentiveCorrection.self, "self-attention over the parts of one embedding")
    try registry.losses.register("nll", NegativeLogLikelihood.self, "of the balanced distribution")
    try registry.losses.register("term-nll", TermLikelihood.self, "of each correction term by itself")
    try registry.losses.register("anchor", AnchorLoss.self, "pushes the anchors apart")
    try registry.losses.register(
      "center", CenterLoss.self, "pulls embeddings to the nearest anchor of their class")
    try registry.samplers.register(
      "refinement", RefinementSampler.self, "a little of every group, then as much of every class")
  }
}
