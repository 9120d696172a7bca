import NeuralKit
import Support

/// The components of a model as a recipe chose them. Nil where the recipe names none, or none that exists.
struct ModelPlan {
  let backbone: ComponentChoice<any Backbone, PartOptions>?
  let landmarks: ComponentChoice<any LandmarkExtractor, PartOptions>?
  let wantsLandmarks: Bool
  let encoder: ComponentChoice<any Encoder, PartOptions>?
  /// What it says beside its parts.
  let options: ModelOptions
  let head: ComponentChoice<any Head, PartOptions>?
  let corrections: [ComponentChoice<any CorrectionTerm, PartOptions>]
  let losses: [ComponentChoice<any Loss, LossOptions>]
  /// Whether batch norms of backbone and landmarks see one view at a time.
  let hasViewsOneByOne: Bool
  /// Published ways to name the parameters in the parts' weight files.
  let namings: [WeightNaming]

  /// Reads the sections `model` and `losses`.
  init(_ reader: inout RecipeReader, hasViewsOneByOne: Bool) {
    let (model, registry) = (JSONPath("model"), reader.registry)
    self.hasViewsOneByOne = hasViewsOneByOne
    namings = registry.namings
    options = reader.section(.model)
    backbone = reader.component(
      at: model / "backbone", from: registry.backbones, settings: PartOptions.self, key: "backbone")
    wantsLandmarks = reader.given(at: model / "landmarks") != nil
    landmarks = reader.component(
      at: model / "landmarks", from: registry.landmarks, settings: PartOptions.self, key: "landmarks",
      isNeeded: false)
    encoder = reader.component(
      at: model / "encoder", from: registry.encoders, settings: PartOptions.self, key: "encoder")
    head = reader.component(at: model / "head", from: registry.heads, settings: PartOptions.self, key: "head")
    corrections = reader.keyed(
      at: model / "corrections", from: registry.corrections, settings: PartOptions.self)
    losses = reader.keyed(at: JSONPath("losses"), from: registry.losses, settings: LossOptions.self)
    if reader.given(at: JSONPath("losses"))?.members?.values.allSatisfy({ $0 == .null }) ?? true {
      reader.issues.append(
        RecipeIssue(
          JSONPath("losses"), "is missing; a model needs at least one loss, as in losses: { \"NAME\": {} }",
          note: "known: " + registry.losses.names.joined(separator: ", ")))
    }
  }

  /// The section `model` with every value written out.
  var effective: JSONValue {
    var members: [String: JSONValue] = [
      "reduction": .int(options.reduction), "standardize": .bool(options.standardize),
      "testTimeFlip": .bool(options.testTimeFlip),
    ]
    // Left out where there is none, as it is in recipes that older versions of this program stored.
    if !initialWeights.isEmpty { members["initialWeights"] = .string(initialWeights) }
    members["backbone"] = backbone?.effective
    members["landmarks"] = landmarks?.effective
    members["encoder"] = encoder?.effective
    members["head"] = head?.effective
    members["corrections"] = Self.byKey(corrections.map { ($0.key, $0.effective) })
    return .object(members)
  }

  static func byKey(_ pairs: [(String, JSONValue)]) -> JSONValue {
    .object(Dictionary(pairs) { first, _ in first })
  }

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
    if let encoder, let choice = self.encoder, context.views.count > 1,
      !type(of: encoder.component).foldsViews
    {
      site.issues.append(
        RecipeIssue(
          choice.path,
          "takes one view of a sample, and input.views makes \(context.views.count) of each; "
            + "choose an encoder that brings views together, or leave input.views out"))
    }
    site.context.embedding = encoder?.component.embeddingSize
    var reduction: Linear?
    if options.reduction > 0 {
      if let size = site.context.embedding {
        reduction = Linear(from: size, to: options.reduction, in: site.root / "reduction")
      }
      site.context.embedding = options.reduction
    }
    let standardization =
      options.standardize
      ? site.context.embedding.map {
        BatchNorm($0, affine: false, in: site.root / "standardization")
      } : nil
    let isEmbedded = site.context.embedding != nil
    let head = isEmbedded ? site.part(head) : nil
    let corrections = isEmbedded ? self.corrections.compactMap { site.part($0, below: "corrections") } : []
    site.context.terms = self.corrections.map(\.key)
    let terms = losses.compactMap { site.loss($0) }

    guard let backbone, let encoder, let head, corrections.count == self.corrections.count,
      terms.count == losses.count
    else { return nil }
    let parts = ModelParts(
      backbone: backbone, landmarks: landmarks, encoder: encoder, reduction: reduction,
      standardization: standardization, head: head, corrections: corrections)
    return ExpressionModel(
      classes: context.classes, store: context.scope.store, parts: parts,
      views: ViewFolding(plan: context.views, isOneByOne: hasViewsOneByOne),
      objective: Objective(terms: terms), flipsAtTestTime: options.testTimeFlip)
  }

  /// A part in its place, and the file it starts from; "" for none.
  typealias Placed = (part: WeightNaming.Part, weights: String, place: JSONPath)

  /// The parts that have parameters of their own, in the model's order.
  var parts: [Placed] {
    func placed<P>(_ part: ComponentChoice<P, PartOptions>?, below folder: String = "") -> [Placed] {
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

  /// The file that the whole model starts from; "" for none.
  var initialWeights: String { options.initialWeights.text }

  /// All files that the model starts from: what each is for, where the recipe names it, and its path.
  var weightFiles: [(part: String, key: JSONPath, path: String)] {
    pretrained.map { ($0.part.place, $0.place, $0.weights) }
      + (initialWeights.isEmpty ? [] : [("the whole model", Self.initialWeightsPlace, initialWeights)])
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

  mutating func part<P>(_ chosen: ComponentChoice<P, PartOptions>?, below folder: String? = nil) -> Part<P>? {
    guard let chosen else { return nil }
    context.scope = (folder.map { root / $0 } ?? root) / chosen.key
    guard let component = built(chosen) else { return nil }
    settle(chosen)
    let title = "\(chosen.summary.kind) \"\(folder == nil ? chosen.summary.name : chosen.key)\""
    return Part(
      name: chosen.key, title: title, running: Running(title), component: component, path: context.scope.path,
      isFrozen: chosen.settings.frozen,
      provides: chosen.prepared.provides)
  }

  /// Nil where it cannot be built, or asks for parameters that cannot be.
  private mutating func built<P, Settings>(_ chosen: ComponentChoice<P, Settings>) -> P? {
    let before = root.store.problems.count
    guard let component = chosen.build(in: &context, issues: &issues) else { return nil }
    let problems = root.store.problems.dropFirst(before)
    issues += problems.prefix(1).map { RecipeIssue(chosen.path, $0) }
    return problems.isEmpty ? component : nil
  }

  /// Freezes the part's parameters and scales their learning rates as the recipe says.
  private mutating func settle<P>(_ chosen: ComponentChoice<P, PartOptions>) {
    let scale = chosen.settings.learningRateScale
    let parameters = root.store.under(context.scope.path)
    let names = parameters.map { String($0.name.dropFirst(context.scope.path.count + 1)) }
    for (parameter, name) in zip(parameters, names) {
      parameter.isFrozen = chosen.settings.frozen
      parameter.learningRateScale = scale.factor(of: name)
    }
    for start in scale.byName.keys.sorted() {
      guard !names.contains(where: { $0 == start || $0.hasPrefix(start + ".") }) else { continue }
      let starts = Set(names.compactMap { $0.split(separator: ".").first.map(String.init) }).sorted()
      issues.append(
        RecipeIssue(
          chosen.path / "learningRateScale" / start,
          "no parameter of this part has a name that begins so"
            + NearestName.suggestion(for: start, among: starts),
          note: "beginnings: " + (starts.isEmpty ? "none" : starts.joined(separator: ", "))))
    }
  }

  mutating func loss(_ chosen: ComponentChoice<any Loss, LossOptions>) -> Objective.Term? {
    context.scope = root / "losses" / chosen.key
    guard let loss = built(chosen) else { return nil }
    return Objective.Term(name: chosen.key, weight: chosen.settings.weight, loss: loss)
  }
}

/// What a recipe says of the model beside its parts.
struct ModelOptions: ComponentOptions {
  @Option("Size that a linear layer brings the embedding to. 0: none, the encoder's own.", 0...65536)
  var reduction = 0
  @Option(
    "Whether a batch norm without parameters brings each number of the embedding to mean 0 and deviation 1, after "
      + "the reduction, before head and corrections. Ours: no paper has it.")
  var standardize = false
  @Option(
    "Whether evaluation and prediction say the mean over an image and its mirror image (test-time augmentation), "
      + "which takes twice the time.")
  var testTimeFlip = false
  @Option(
    "File of weights that the whole model starts from as far as they fit, such as RUN/checkpoints/best.safetensors; after "
      + "the parts' own. Empty: none. `train --init-from RUN` sets it.") var initialWeights: FilePath = ""
}
