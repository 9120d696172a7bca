import FERCore

/// What belongs to no single paper: plain heads, the usual loss of a classifier, plain samplers.
public enum BaselinesPlugin: Plugin {
  /// Registers the components.
  public static func register(in registry: inout Registry) throws {
    try registry.heads.register("linear", LinearHead.self, "one linear layer")
    try registry.heads.register("mlp", MLPHead.self, "hidden layers with dropout and batch norm")
    try registry.losses.register(
      "cross-entropy", CrossEntropy.self, "of the head's own distribution, for baselines")
    try registry.samplers.register("shuffled", ShuffledSampler.self, "every sample once, in random order")
    try registry.samplers.register(
      "sequential", SequentialSampler.self, "every sample once, in the dataset's order")
    try registry.samplers.register(
      "class-balanced", ClassBalancedSampler.self, "the same number of every class")
    try registry.register(MLPHead.arbexNaming)
  }
}
