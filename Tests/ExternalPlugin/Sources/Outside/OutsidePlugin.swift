import ARBEx

/// Everything that this package adds. What comes with arbex too is here to show that a package can do without it, and so
/// has another name.
package enum OutsidePlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.corrections.register(
      "prototype", PrototypeCorrection.self, "one learned direction per class")
    try registry.heads.register(
      "outside-self-cure", SelfCureHead.self, "scores weighed by trust in the sample")
    try registry.losses.register(
      "outside-rank-regularization", RankRegularization.self, "keeps trusted samples apart")
    try registry.labelPolicies.register(
      "outside-relabel", Relabel.self, "corrects labels the model is sure to be wrong")
    try registry.views.register("outside-regions", Regions.self, "three crops and the whole face")
    try registry.encoders.register(
      "outside-region-attention", RegionAttention.self, "weighs the views of a face")
    try registry.losses.register(
      "outside-region-biased", RegionBiased.self, "the best region above the whole face")
    try registry.encoders.register(
      "outside-relative-uncertainty", RelativeUncertainty.self, "an embedding, and how unsure it is")
    try registry.losses.register(
      "outside-add-up", AddUp.self, "two images mixed by uncertainty show both classes")
    try registry.labelPolicies.register(
      "outside-teacher", Teacher.self, "aims at what another run's model says")
    try registry.datasets.register("pairs", Pairs.self, "a table of paths and classes")
    try registry.augmentations.register("dim", Dim.self, "darker by a random factor")
    try registry.samplers.register("half", Half.self, "another half in every epoch")
    try registry.optimizers.register("sign", SignDescent.self, "equal steps against the gradient")
    try registry.schedules.register("straight", StraightSchedule.self, "falls in a straight line")
    try registry.register(.calibrationError)
    try registry.register(.confidenceByClass)
  }
}
