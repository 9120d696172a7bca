import FERCore
import FERTraining
import Support
import TensorKit

extension ReportPart {
  private static let mostPoints = 2000
  /// With fewer points there are no neighbours to keep together.
  private static let fewestForTSNE = 10

  /// The embeddings in the plane with the anchors among them, and how well the classes lie apart: figure 6 of Wasi et al. 2023,
  /// ARBEx, arXiv:2305.01486.
  static let embeddings = ReportPart("Embeddings") { subject in
    guard let evaluation = subject.evaluation, let embeddings = evaluation.embeddings, embeddings.rank == 2,
      embeddings.shape[0] > 2
    else { return [] }
    let (samples, classes) = (evaluation.set.samples.prefix(embeddings.shape[0]), evaluation.set.classes)
    let places = spread(min(embeddings.shape[0], mostPoints), over: embeddings.shape[0])
    let marks = evaluation.shared.classPoints(classCount: classes.count, embeddingSize: embeddings.shape[1])
    let points = Tensor.concatenated(
      [embeddings.gathered(rows: places)]
        + marks.map { $0.value.reshaped([-1, embeddings.shape[1]]) }, along: 0)
    guard let picture = picture(of: points, seed: subject.seed) else { return [] }

    // Each point: what it is, and its class.
    var kinds = places.map { (name: samples[$0].id, kind: "image", label: samples[$0].label) }
    for (key, value) in marks {
      let each = value.shape[1]
      kinds += (0..<classes.count * each).map { ("\(key.name) \($0 % each + 1)", key.name, $0 / each) }
    }
    let values = picture.points.values
    let drawn = kinds.indices.map {
      EmbeddingPlot.Mark(x: Double(values[2 * $0]), y: Double(values[2 * $0 + 1]), label: kinds[$0].label)
    }
    let rows = kinds.indices.map { place in
      [kinds[place].name, kinds[place].kind, kinds[place].label.map { classes[$0] } ?? ""]
        + [drawn[place].x, drawn[place].y].map { $0.rounded(places: 3) }
    }
    let plot = EmbeddingPlot(
      images: Array(drawn.prefix(places.count)), diamonds: Array(drawn.dropFirst(places.count)),
      classes: classes)
    let (kept, all) = (embeddings.shape[0], evaluation.set.samples.count)
    return [
      .figure(
        svg: plot.svg,
        caption: picture.name + " of \(places.count) of \(kept < all ? "the first " : "")\(kept) images"
          + (marks.isEmpty ? "" : "; diamonds are \(marks.map(\.key.name).joined(separator: ", "))") + ". "
          + picture.note + separation(embeddings, samples.map(\.label)),
        numbers: Table("Embeddings", columns: ["name", "kind", "class", "x", "y"], rows: rows))
    ]
  }

  /// So many places of a list, at even distances.
  static func spread(_ count: Int, over all: Int) -> [Int] { (0..<count).map { $0 * all / count } }

  /// Points in the plane `[N, 2]`, how they came there, and what that keeps. Nil where a number is not finite.
  private static func picture(of points: Tensor, seed: UInt64) -> (
    name: String, points: Tensor, note: String
  )? {
    if points.shape[0] >= fewestForTSNE {
      var layout = TSNE()
      layout.seed = seed
      guard let found = layout.layout(of: points)?.points else { return nil }
      let perplexity = min(layout.perplexity, Double(points.shape[0] - 1) / 3)
      let trust = Trustworthiness.of(found, for: points).map {
        ", trustworthiness \($0.rounded(places: 3)) of 12 neighbours"
      }
      return (
        "t-SNE (seed \(seed), perplexity \(perplexity.rounded(places: 0))\(trust ?? ""))", found,
        "It shows who lies near whom; sizes of groups and distances between them mean nothing. "
      )
    }
    guard let components = LinearAlgebra.principalComponents(of: points, count: 2),
      components.projected.shape[1] == 2
    else { return nil }
    let share = 100 * Double(components.explained.reduce(0, +))
    return (
      "The first two principal components (\(share.rounded(places: 1)) % of the variance)",
      components.projected, ""
    )
  }

  /// A sentence on the scores of the embeddings themselves; "" where they are undefined.
  private static func separation(_ embeddings: Tensor, _ labels: [Int?]) -> String {
    guard let scores = ClusterScores(embeddings, labels: labels) else { return "" }
    return "The \(embeddings.shape[0]) embeddings of size \(embeddings.shape[1]) themselves: Davies-Bouldin "
      + "\(scores.daviesBouldin.rounded(places: 3)) (lower is better), Calinski-Harabasz "
      + "\(scores.calinskiHarabasz.rounded(places: 1)) (higher is better)."
  }
}
