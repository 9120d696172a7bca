import NeuralKit
import Support

/// The components of a model as a recipe chose them. Nil where the recipe names none, or none that exists.
struct ModelPlan {
  var backbone: Chosen<any Backbone, PartOptions>?
  var landmarks: Chosen<any LandmarkExtractor, PartOptions>?
  var wantsLandmarks = false
  var encoder: Chosen<any Encoder, PartOptions>?
  /// 0: the embedding stays as it is.
  var reduction = 0
  var head: Chosen<any Head, PartOptions>?
  var corrections: [Chosen<any CorrectionTerm, PartOptions>] = []
  var losses: [Chosen<any Loss, LossOptions>] = []
  /// Published ways to name the parameters in the parts' weight files.
  var namings: [WeightNaming] = []

  /// Builds every part that what comes before it allows, and gathers all objections.
  /// - Returns: the model, where every part could be built. Its parameters have no values yet.
  func assemble(in context: BuildContext, issues: inout [RecipeIssue]) -> ExpressionModel? {
    var site = BuildSite(context: context, issues: issues)
    defer { issues = site.issues }

    let backbone = site.part(backbone)
    site.context.imageLevels = backbone?.component.levels ?? []
    let landmarks = site.part(landmarks)
    site.context.landmarkLevels = landmarks?.component.levels ?? []
    let hasPyramids = backbone != nil && (landmarks != nil || !wantsLandmarks)
    let encoder = hasPyramids ? site.part(encoder) : nil
    site.context.embedding = encoder?.component.embeddingSize
    var reduction: Linear?
    if self.reduction > 0 {
      if let size = site.context.embedding {
        reduction = Linear(from: size, to: self.reduction, in: site.root / "reduction")
      }
      site.context.embedding = self.reduction
    }
    let isEmbedded = site.context.embedding != nil
    let head = isEmbedded ? site.part(head) : nil
    let corrections = isEmbedded ? self.corrections.compactMap { site.part($0, below: "corrections") } : []
    let terms = losses.compactMap { site.loss($0) }

    guard let backbone, let encoder, let head, corrections.count == self.corrections.count,
      terms.count == losses.count
    else { return nil }
    let parts = ModelParts(
      backbone: backbone, landmarks: landmarks, encoder: encoder, reduction: reduction, head: head,
      corrections: corrections)
    return ExpressionModel(
      classes: context.classes, store: context.scope.store, parts: parts, objective: Objective(terms))
  }

  /// A part in its place, and the file it starts from; "" for none.
  typealias Placed = (part: WeightNaming.Part, weights: String, place: RecipePath)

  /// The parts that have parameters of their own, in the model's order.
  var parts: [Placed] {
    func placed<P>(_ part: Chosen<P, PartOptions>?, below folder: String = "") -> [Placed] {
      guard let part else { return [] }
      return [
        (
          WeightNaming.Part(folder + part.key, part.summary.name), part.settings.weights.text,
          part.path / "weights"
        )
      ]
    }
    return placed(backbone) + placed(landmarks) + placed(encoder) + placed(head)
      + corrections.flatMap { placed($0, below: "corrections.") }
  }

  /// Those that start from a file.
  var pretrained: [Placed] { parts.filter { !$0.weights.isEmpty } }
}

/// Where a model is being put together.
private struct BuildSite {
  var context: BuildContext
  var issues: [RecipeIssue]
  let root: ParameterScope

  init(context: BuildContext, issues: [RecipeIssue]) {
    self.context = context
    self.issues = issues
    root = context.scope
  }

  mutating func part<P>(_ chosen: Chosen<P, PartOptions>?, below folder: String? = nil) -> Part<P>? {
    guard let chosen else { return nil }
    context.scope = (folder.map { root / $0 } ?? root) / chosen.key
    guard let component = chosen.build(in: &context, issues: &issues) else { return nil }
    for parameter in root.store.under(context.scope.path) {
      parameter.isFrozen = chosen.settings.frozen
      parameter.learningRateScale = chosen.settings.learningRateScale
    }
    return Part(chosen.key, component, path: context.scope.path, isFrozen: chosen.settings.frozen)
  }

  mutating func loss(_ chosen: Chosen<any Loss, LossOptions>) -> Objective.Term? {
    context.scope = root / "losses" / chosen.key
    guard let loss = chosen.build(in: &context, issues: &issues) else { return nil }
    return Objective.Term(name: chosen.key, weight: chosen.settings.weight, loss: loss)
  }
}
