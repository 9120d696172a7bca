import FERCore
import NeuralKit

/// The optimisers and schedules of NeuralKit, under the names that recipes use.
package enum FERTrainingPlugin: Plugin {
  /// Puts them on their shelves.
  package static func register(in registry: inout Registry) throws {
    try registry.optimizers.register("adam", Adam.self, "adaptive moments; weight decay joins the gradient")
    try registry.optimizers.register(
      "adamw", AdamW.self, "adaptive moments; weight decay apart from the gradient")
    try registry.optimizers.register("sgd", SGD.self, "gradient descent with momentum")
    try registry.optimizers.register("sam", SAM.self, "sharpness-aware, over any other; twice the work")
    try registry.schedules.register("constant", ConstantSchedule.self, "the same rate throughout")
    try registry.schedules.register("step", StepSchedule.self, "falls every so many epochs")
    try registry.schedules.register("multi-step", MultiStepSchedule.self, "falls after each of some epochs")
    try registry.schedules.register(
      "exponential", ExponentialSchedule.self, "falls by a factor after each epoch")
    try registry.schedules.register("cosine", CosineSchedule.self, "falls along half a cosine")
    try registry.schedules.register(
      "one-cycle", OneCycleSchedule.self, "rises to a peak, then falls far below")
  }
}
