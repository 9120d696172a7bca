import FERCore
import FERTraining
import Support
import TensorKit

extension ReportPart {
  /// How many images are drawn where none are named.
  static let drawnImages = 60
  private static let imagesPerFigure = 12

  /// What the model says of some images before and after balancing, and how peaked its distributions are over all: figure 5 of
  /// Wasi et al. 2023, ARBEx, arXiv:2305.01486.
  static let distributions = ReportPart("Confidence distributions") { subject in
    guard let set = subject.evaluation?.set, !set.samples.isEmpty else { return [] }
    let shown = try shownImages(subject, set)
    let groups = stride(from: 0, to: shown.count, by: imagesPerFigure).map {
      Array(shown[$0..<min($0 + imagesPerFigure, shown.count)])
    }
    let chosen = subject.shown.isEmpty ? ", drawn with seed \(subject.seed)" : ""
    return extremes(set)
      + groups.enumerated().map { place, samples in
        cards(
          samples, of: set, subject.image, number: place + 1,
          "Images \(place * imagesPerFigure + 1) to \(place * imagesPerFigure + samples.count) of \(shown.count)\(chosen)"
        )
      }
  }

  /// The distributions before and after; the only one where there are no terms.
  private static func stages(of set: EvaluatedSet) -> [(name: String, row: (EvaluatedSample) -> [Float])] {
    (set.termNames.isEmpty ? [] : [("primary", { $0.primary })]) + [("final", { $0.final })]
  }

  // MARK: choice

  /// The images that were asked for, or some drawn by the seed, in the order of the set.
  /// - Throws: ``RunProblem`` where one that was asked for is not there.
  package static func shownImages(_ subject: ReportSubject, _ set: EvaluatedSet) throws -> [EvaluatedSample] {
    guard subject.shown.isEmpty else {
      return try subject.shown.flatMap { name in
        let found = set.samples.filter {
          ExactName($0.id) == ExactName(name) || $0.id.endsExactly(with: "/" + name)
        }
        guard !found.isEmpty else {
          throw RunProblem.request(
            "\(subject.name.printable): no image of the \(set.samples.count) is called \"\(name.printable)\""
              + NearestName.suggestion(for: name, among: set.samples.map(\.id)))
        }
        return found
      }
    }
    var random = RandomSource(seed: subject.seed, stream: "report distributions")
    return random.shuffled(Array(set.samples.indices)).prefix(drawnImages).sorted().map { set.samples[$0] }
  }

  // MARK: images

  private static func cards(
    _ samples: [EvaluatedSample], of set: EvaluatedSet, _ image: (String) -> Image?, number: Int,
    _ beginning: String
  ) -> ReportSection.Item {
    let stages = stages(of: set)
    let cards = samples.map { sample in
      DistributionCards.Card(
        name: PathText.name(of: sample.id).printable,
        picture: image(sample.id).flatMap { $0.source(side: 64) },
        label: sample.label, distributions: stages.map { ($0.name, $0.row(sample)) })
    }
    let rows = samples.flatMap { sample in
      stages.map { stage in
        let (values, shape) = (stage.row(sample), DistributionShape(stage.row(sample)))
        let numbers = values.map(Double.init) + [shape.maximum, shape.minimum, shape.deviation]
        return [sample.id, sample.label.map { set.classes[$0] } ?? "", stage.name]
          + numbers.map { $0.rounded(places: 4) }
      }
    }
    let colours = stages.count > 1 ? "grey: primary, blue: final" : "the model's answer"
    return .figure(
      svg: DistributionCards(classes: set.classes, cards: cards).svg,
      caption:
        "\(beginning); \(colours). Bars: \(set.classes.joined(separator: ", ")), from 0 to 1; the class that the "
        + "image was given is underlined.",
      numbers: Table(
        "Distributions \(number)",
        columns: ["image", "class", "distribution"] + set.classes + [
          "maximum", "minimum", "standard deviation",
        ],
        rows: rows))
  }

  // MARK: all

  /// Extremes and deviations of all images before and after; nothing where a number is none.
  private static func extremes(_ set: EvaluatedSet) -> [ReportSection.Item] {
    let statistics: [(name: String, value: (DistributionShape) -> Double)] = [
      ("maximum", \.maximum), ("minimum", \.minimum), ("standard deviation", \.deviation),
    ]
    let shapes = stages(of: set).map { stage in
      (name: stage.name, all: set.samples.map { DistributionShape(stage.row($0)) })
    }
    let groups = statistics.map { statistic in
      let rows = shapes.compactMap { name, all in
        NumberSummary(all.map(statistic.value)).map {
          BoxPlot.Row(name: name, colour: FigureColour.distribution(name), summary: $0)
        }
      }
      return (name: statistic.name, rows: rows)
    }
    guard groups.allSatisfy({ !$0.rows.isEmpty }) else { return [] }
    let levels = NumberSummary.levels.map { "\(Int(100 * $0)) %" }
    let rows = groups.flatMap { name, rows in
      rows.map { row in
        [name, row.name] + ([row.summary.mean] + row.summary.quantiles).map { $0.rounded(places: 4) }
      }
    }
    return [
      .figure(
        svg: BoxPlot(groups: groups).svg,
        caption:
          "The largest and the smallest probability and the standard deviation over the classes of each of all "
          + "\(set.samples.count) images. Boxes: the middle half and the median; lines: from the lowest to the highest twentieth.",
        numbers: Table(
          "Extremes and deviations", columns: ["statistic", "distribution", "mean"] + levels, rows: rows))
    ]
  }
}
