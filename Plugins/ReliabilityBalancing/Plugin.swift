import FERCore

/// ARBEx's reliability balancing: head, correction terms, losses and samplers.
public enum ReliabilityBalancingPlugin: Plugin {
  /// Puts the components on their shelves.
  public static func register(in registry: inout Registry) throws {
    try registry.heads.register("mlp", MLPHead.self, "hidden layers with dropout and batch norm")
    try registry.corrections.register(
      "anchor", AnchorCorrection.self, "the classes whose learned anchors are nearest")
    try registry.corrections.register(
      "attentive", AttentiveCorrection.self, "self-attention over the parts of one embedding")
    try registry.losses.register("nll", NegativeLogLikelihood.self, "of the balanced distribution")
    try registry.losses.register("anchor", AnchorLoss.self, "pushes the anchors apart")
    try registry.losses.register(
      "center", CenterLoss.self, "pulls embeddings to the nearest anchor of their class")
    try registry.losses.register(
      "cross-entropy", CrossEntropy.self, "of the head's own distribution, for baselines")
    try registry.samplers.register(
      "refinement", RefinementSampler.self, "a little of every group, then as much of every class")
    try registry.samplers.register("shuffled", ShuffledSampler.self, "every sample once, in random order")
    try registry.samplers.register(
      "sequential", SequentialSampler.self, "every sample once, in the dataset's order")
    try registry.samplers.register(
      "class-balanced", ClassBalancedSampler.self, "the same number of every class")
    try registry.register(MLPHead.arbexNaming)
  }
}
