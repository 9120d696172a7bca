import FERCore
import FERTraining
import Support
import TensorKit

extension Comparison {
  /// The most points of a picture.
  private static let pointLimit = 2000

  /// A page of its own: the tables, accuracy over epochs, and each run's embeddings as a map.
  /// - Parameter tick: told of the maps done; they take seconds each.
  package func page(tick: (Int) -> Void = { _ in }) -> String {
    let title = "Comparison of \(groups.map(\.name).listed(atMost: 5))"
    let notes = remarks.map { "<li>\($0.htmlEscaped)</li>\n" }.joined()
    let parts = tables.map { table in
      "<h2>\(table.title.htmlEscaped)</h2>\n"
        + (table.rows.isEmpty ? "<p>None.</p>\n" : Report.html(of: table))
    }
    return Report.page(
      titled: title,
      "<h1>\(title.htmlEscaped)</h1>\n" + (notes.isEmpty ? "" : "<ul>\n\(notes)</ul>\n")
        + parts.joined() + curves + maps(tick))
  }

  /// Validation accuracy of all runs over epochs.
  private var curves: String {
    let charts = [
      ("Final", \LogLine.corrected), ("Primary", \.primary),
    ]
    .map { title, scores in
      var chart = LineChart(
        title,
        runs.map { run in
          LineChart.Line(
            run.name,
            run.history.filter { $0.event == "validation" }.map {
              (Double($0.epoch ?? 0), $0[keyPath: scores]?.accuracy)
            })
        })
      chart.yKind = .share
      return chart.svg
    }.filter { !$0.isEmpty }
    return charts.isEmpty
      ? "" : "<h2>Validation accuracy over epochs</h2>\n<div class=\"row\">\(charts.joined())</div>\n"
  }

  private func maps(_ tick: (Int) -> Void) -> String {
    var figures: [String] = []
    for (place, (run, scores)) in zip(runs, clusters).enumerated() {
      guard let embeddings = run.embeddings, let map = Self.map(of: embeddings, run.set) else { continue }
      let numbers = scores.map {
        "Davies-Bouldin \($0.daviesBouldin.rounded(places: 4)), Calinski-Harabasz \($0.calinskiHarabasz.rounded(places: 2))"
      }
      let caption = [run.name, numbers ?? "too few images for scores"].joined(separator: ": ")
      figures.append("<figure>\(map)<figcaption>\(caption.htmlEscaped)</figcaption></figure>\n")
      tick(place + 1)
    }
    guard !figures.isEmpty else { return "" }
    return
      "<h2>Embeddings as maps</h2>\n<p>t-SNE of at most \(Self.pointLimit) images each. Who lies near whom means something, "
      + "distances between groups and their sizes do not; the scores are those of the embeddings, not of the map.</p>\n"
      + "<div class=\"row\">\(figures.joined())</div>\n"
  }

  /// The points of images spread evenly over the set, which may be sorted by class.
  private static func map(of embeddings: Tensor, _ set: EvaluatedSet) -> String? {
    let count = embeddings.shape[0]
    let places = ReportPart.spread(min(count, pointLimit), over: count)
    guard count > 2, let layout = TSNE().layout(of: embeddings.gathered(rows: places))?.points.values else {
      return nil
    }
    let images = places.enumerated().map { row, place in
      EmbeddingPlot.Mark(
        x: Double(layout[2 * row]), y: Double(layout[2 * row + 1]), label: set.samples[place].label)
    }
    return EmbeddingPlot(images: images, diamonds: [], classes: set.classes).svg
  }
}
