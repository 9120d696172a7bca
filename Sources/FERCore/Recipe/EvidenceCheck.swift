import NeuralKit
import Support

/// Whether everything that a component cannot do without is provided by somebody who comes before it.
struct EvidenceCheck {
  /// Somebody in the recipe who provides or requires evidence.
  private struct Party {
    /// As people know it: `loss "anchor"`.
    let title: String
    let path: JSONPath
    let provides: [EvidenceKey]
    let requires: [EvidenceKey]

    init<Kind, Settings>(_ choice: ComponentChoice<Kind, Settings>) {
      let isKeyed =
        choice.path.parent?.steps.last == .key("corrections") || choice.path.steps.first == .key("losses")
      title = "the \(choice.summary.kind) \"\(isKeyed ? choice.key : choice.summary.name)\""
      (path, provides, requires) = (choice.path, choice.prepared.provides, choice.prepared.requires)
    }
  }

  /// In the order in which they run; those of one stage do not see one another.
  private let stages: [[Party]]
  /// Losses and label policies, which see all stages.
  private let readers: [Party]
  private let registry: Registry
  private let corrections: Int
  private let views: ViewPlan

  /// - Parameter views: of each sample.
  init(_ choices: RecipeChoices, registry: Registry, views: ViewPlan) {
    let model = choices.model
    self.views = views
    stages = [
      [model.backbone.map { Party($0) }, model.landmarks.map { Party($0) }].compactMap { $0 },
      model.encoder.map { [Party($0)] } ?? [], model.head.map { [Party($0)] } ?? [],
      model.corrections.map { Party($0) },
    ]
    readers = model.losses.map { Party($0) } + choices.labels.map { Party($0) }
    corrections = model.corrections.count
    self.registry = registry
  }

  /// Everything that nobody provides, and everything that two provide. Nothing where a part is wrong in itself: what it
  /// would provide is not known.
  func issues(_ reader: RecipeReader) -> [RecipeIssue] {
    let model = JSONPath("model")
    let named = reader.given(at: model / "corrections")?.members?.values.count { $0 != .null } ?? 0
    let places = ["backbone", "landmarks", "encoder", "head"].filter { reader.given(at: model / $0) != nil }
    guard named == corrections, places.count == stages.dropLast().reduce(0, { $0 + $1.count }) else {
      return []
    }
    var issues: [RecipeIssue] = []
    var providers: [(key: EvidenceKey, by: Party)] = []
    for (place, stage) in stages.enumerated() {
      for party in stage { issues += lacks(party, providers.map(\.key)) }
      // Behind the encoder, what extractors noticed of each view is of samples again.
      if place == 1 { providers = providers.map { ($0.key.folded(views), $0.by) } }
      for party in stage {
        for key in party.provides {
          if let first = providers.first(where: { $0.key.name == key.name }) {
            issues.append(
              RecipeIssue(
                party.path,
                "\(party.title) and \(first.by.title) both provide \"\(key)\"; only one of them may"))
          } else {
            providers.append((key, party))
          }
        }
      }
    }
    return issues + readers.flatMap { lacks($0, providers.map(\.key)) }
  }

  private func lacks(_ party: Party, _ provided: [EvidenceKey]) -> [RecipeIssue] {
    guard let missing = party.requires.first(where: { !provided.contains($0) }) else { return [] }
    if let other = provided.first(where: { $0.name == missing.name }) {
      return [
        RecipeIssue(
          party.path,
          "\(party.title) needs \(missing) as \(missing.layout.rawValue), and it is provided as "
            + "\(other.layout.rawValue)")
      ]
    }
    let able = registry.summaries.filter { $0.provides.contains(missing) }.map {
      "the \($0.kind) \"\($0.name)\""
    }
    let isLoss = party.path.steps.first == .key("losses")
    let remedy =
      able.isEmpty
      ? "no component that is known provides it"
      : "use \(able.joined(separator: " or "))" + (isLoss ? ", or remove this loss with null" : "")
    return [
      RecipeIssue(
        party.path,
        "\(party.title) needs \(missing), which nothing before it in this recipe provides; \(remedy)")
    ]
  }
}
