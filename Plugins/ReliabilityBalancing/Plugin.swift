import FERCore

/// ARBEx's reliability balancing: head, correction terms, losses and samplers.
public enum ReliabilityBalancingPlugin: Plugin {
  public static func register(in registry: inout Registry) throws {
    try registry.heads.register("mlp", MLPHead.self)
    try registry.corrections.register("anchor", AnchorCorrection.self)
    try registry.corrections.register("attentive", AttentiveCorrection.self)
    try registry.losses.register("nll", NegativeLogLikelihood.self)
    try registry.losses.register("anchor", AnchorLoss.self)
    try registry.losses.register("center", CenterLoss.self)
    try registry.losses.register("cross-entropy", CrossEntropy.self)
    try registry.samplers.register("refinement", RefinementSampler.self)
    try registry.samplers.register("shuffled", ShuffledSampler.self)
    try registry.samplers.register("sequential", SequentialSampler.self)
    try registry.samplers.register("class-balanced", ClassBalancedSampler.self)
  }
}
