import FERCore
import FERTraining
import Support
import TensorKit

extension ReportPart {
  /// The embeddings in the plane of their two first principal components, with what is shared and belongs to classes, such
  /// as anchors.
  package static let embeddings = ReportPart("Embeddings") { subject in
    guard let evaluation = subject.evaluation, let embeddings = evaluation.embeddings,
      embeddings.shape[0] > 2,
      let components = LinearAlgebra.principalComponents(of: embeddings, count: 2),
      components.projected.shape[1] == 2
    else { return [] }
    let points = components.projected.values
    let samples = evaluation.set.samples.prefix(embeddings.shape[0])
    let images = samples.enumerated().map { place, sample in
      ScatterPlot.Point(x: points[2 * place], y: points[2 * place + 1], label: sample.label ?? 0)
    }
    // Points of the same space that belong to classes [C, K, D].
    let marks = evaluation.shared.byName.filter { _, value in
      value.rank == 3 && value.shape[0] == evaluation.set.classes.count
        && value.shape[2] == embeddings.shape[1]
    }
    let diamonds = marks.flatMap { _, tensor in
      let (count, each) = (tensor.shape[0] * tensor.shape[1], tensor.shape[1])
      let values = components.project(tensor.reshaped([count, tensor.shape[2]])).values
      return (0..<count).map { ScatterPlot.Point(x: values[2 * $0], y: values[2 * $0 + 1], label: $0 / each) }
    }
    let share = Double(components.explained.reduce(0, +))
    let plot = ScatterPlot(images: images, diamonds: diamonds, classes: evaluation.set.classes)
    let row = { (what: String, point: ScatterPlot.Point) in
      [what, evaluation.set.classes[point.label], "\(point.x)", "\(point.y)"]
    }
    let kinds = marks.map(\.key.name).joined(separator: ", ")
    return [
      .figure(
        svg: plot.svg,
        caption: "The first two principal components, \((100 * share).rounded(places: 1)) % of the variance"
          + (diamonds.isEmpty ? "." : "; diamonds are \(kinds)."),
        numbers: Table(
          "Embeddings", columns: ["image", "class", "x", "y"],
          rows: zip(samples, images).map { row($0.id, $1) } + diamonds.map { row(kinds, $0) }))
    ]
  }
}
