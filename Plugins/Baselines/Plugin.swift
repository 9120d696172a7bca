import FERCore

/// What belongs to no single paper, or to none of this field: what other methods are measured against.
package enum BaselinesPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.encoders.register(
      "average-pool", AveragePool.self, "the mean over the places of one image level")
    try registry.heads.register("linear", LinearHead.self, "one linear layer")
    try registry.heads.register("mlp", MLPHead.self, "hidden layers with dropout and batch norm")
    try registry.losses.register(
      "cross-entropy", CrossEntropy.self, "of the head's own distribution, for baselines")
    try registry.samplers.register("shuffled", ShuffledSampler.self, "every sample once, in random order")
    try registry.samplers.register(
      "sequential", SequentialSampler.self, "every sample once, in the dataset's order")
    try registry.samplers.register(
      "class-balanced", ClassBalancedSampler.self, "the same number of every class")
    try registry.samplers.register(
      "weighted", WeightedSampler.self, "with replacement, rare classes more often")
    try registry.samplers.register(
      "repeat-factor", RepeatFactorSampler.self, "every sample, those of rare classes several times")
    try registry.labelPolicies.register(
      "noise", LabelNoise.self, "wrong labels for some training samples, to test a method")
    try registry.labelPolicies.register(
      "teacher", Teacher.self, "aims at what a trained model says of each image")
    try registry.register(MLPHead.arbexNaming)
  }
}
