import FERCore
import FERTraining
import TensorKit

@testable import FERTools

/// Five images of three classes and what a model with one correction term says of them, by hand:
///
/// | image | class | primary | final | moved |
/// |---|---|---|---|---|
/// | same | a | a 0.90 | a 0.85 | 0.05 |
/// | mended | a | b 0.60 | a 0.70 | 0.30 |
/// | broken | b | b 0.80 | a 0.62 | 0.42 |
/// | surer | b | b 0.70 | b 0.90 | 0.20 |
/// | anew | c | a 0.60 | b 0.58 | 0.30 |
enum HandMade {
  static let samples = [
    sample("x/same.png", 0, [0.9, 0.1, 0], [0.8, 0.2, 0], [0.85, 0.15, 0]),
    sample("x/mended.png", 0, [0.4, 0.6, 0], [0.9, 0.1, 0], [0.7, 0.3, 0]),
    sample("y/broken.png", 1, [0.2, 0.8, 0], [0.9, 0.1, 0], [0.62, 0.38, 0]),
    sample("y/surer.png", 1, [0.3, 0.7, 0], [0, 1, 0], [0.1, 0.9, 0]),
    sample("z/anew.png", 2, [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.3, 0.58, 0.12]),
  ]

  static func sample(
    _ id: String, _ label: Int?, _ primary: [Float], _ term: [Float], _ final: [Float]
  ) -> EvaluatedSample {
    EvaluatedSample(id: id, label: label, primary: primary, terms: [term], final: final)
  }

  static func set(_ samples: [EvaluatedSample] = samples) -> EvaluatedSet {
    EvaluatedSet(classes: ["a", "b", "c"], termNames: ["anchor"], samples: samples)
  }

  /// A report on these images, which are all at hand.
  static func subject(
    _ set: EvaluatedSet = set(), embeddings: Tensor? = nil, shared: Evidence = [:], shown: [String] = []
  ) -> ReportSubject {
    var subject = ReportSubject(
      name: "by hand", evaluation: Evaluation(set, embeddings: embeddings, shared: shared),
      image: { _ in Image(width: 8, height: 8, pixels: Array(repeating: 0.5, count: 192)) })
    subject.shown = shown
    return subject
  }

  /// A model without correction terms.
  static var plain: EvaluatedSet {
    EvaluatedSet(
      classes: ["a", "b", "c"],
      samples: samples.map { EvaluatedSample(id: $0.id, label: $0.label, primary: $0.final, final: $0.final) }
    )
  }
}

extension [ReportSection.Item] {
  /// The tables that are shown, and those of figures' numbers, in their order.
  var tables: [Table] {
    compactMap { item in
      switch item {
      case .table(let table): table
      case .figure(_, _, let numbers): numbers
      case .pictures: nil
      }
    }
  }

  /// What figures show, in their order.
  var figures: [(svg: String, caption: String)] {
    compactMap { item in
      if case .figure(let svg, let caption, _) = item { (svg, caption) } else { nil }
    }
  }

  /// What stands under the pictures.
  var captions: [String] {
    flatMap { item -> [String] in
      if case .pictures(let pictures) = item { pictures.map(\.caption) } else { [] }
    }
  }
}
