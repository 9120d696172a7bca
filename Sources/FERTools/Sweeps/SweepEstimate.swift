import FERCore
import FERData
import FERTraining
import Support

/// How long a training will take on this machine, by a few steps of it on random images.
package enum SweepEstimate {
  /// - Returns: seconds, without loading, which runs beside training.
  /// - Throws: what reading the data or building the model throws.
  package static func seconds(of recipe: Recipe) throws -> Double {
    var plan = ModelBenchmark.Plan()
    (plan.batch, plan.repetitions) = (recipe.training.batch, 1)
    let measured = try ModelBenchmark.run(recipe, plan)
    let count = { (split: DataSplit) in
      Double(try RecipeImages.load(split, of: recipe)?.samples.count ?? 0)
    }
    let epochs = recipe.training.epochs
    let validations = (epochs + recipe.training.validateEvery - 1) / recipe.training.validateEvery + 1
    let training = try Double(epochs) * count(.train) * measured.training.median
    let validation = try Double(validations) * count(.validation) * measured.inference.median
    return (training + validation) / 1000
  }
}
