import FERCore
import Support

/// How often each class was taken for which, as a field of counts and shares, as SVG.
struct ConfusionPicture {
  let title: String
  let classes: [String]
  let matrix: ConfusionMatrix

  private static let (row, widest) = (34.0, 110.0)

  var svg: String {
    let names = classes.map { LabelWidth.cut($0, to: Self.widest) }
    let column = max(48, (names.map { LabelWidth.of($0) }.max() ?? 0) + 8)
    let left = max(LabelWidth.of("true class"), names.map { LabelWidth.of($0) }.max() ?? 0) + 10
    let top = 58.0
    let count = Double(classes.count)
    let (width, height) = (
      max(left + column * count, LabelWidth.of(title) + 10) + 2, top + Self.row * count + 2
    )
    var text =
      "<svg width=\"\(place(width))\" height=\"\(place(height))\" viewBox=\"0 0 \(place(width)) \(place(height))\" "
      + "role=\"img\" aria-label=\"\(title.htmlEscaped)\">"
      + "<text x=\"2\" y=\"13\" font-weight=\"600\">\(title.htmlEscaped)</text>"
      + "<text x=\"\(place(left + column * count / 2))\" y=\"32\" text-anchor=\"middle\">taken for</text>"
      + "<text x=\"\(place(left - 8))\" y=\"50\" text-anchor=\"end\">true class</text>"
    for (label, name) in names.enumerated() {
      let middle = left + column * (Double(label) + 0.5)
      let line = top + Self.row * (Double(label) + 0.5) + 4
      let full = name == classes[label] ? "" : "<title>\(classes[label].htmlEscaped)</title>"
      text +=
        "<text x=\"\(place(middle))\" y=\"50\" text-anchor=\"middle\">\(full)\(name.htmlEscaped)</text>"
        + "<text x=\"\(place(left - 8))\" y=\"\(place(line))\" text-anchor=\"end\">\(full)\(name.htmlEscaped)</text>"
    }
    for truth in classes.indices {
      for prediction in classes.indices {
        text += cell(truth, prediction, left: left, top: top, width: column)
      }
    }
    return text + "</svg>"
  }

  private func cell(_ truth: Int, _ prediction: Int, left: Double, top: Double, width: Double) -> String {
    let (count, share) = (matrix.counts[truth][prediction], share(truth, prediction))
    let (x, y) = (left + width * Double(prediction), top + Self.row * Double(truth))
    let middle = place(x + width / 2)
    let isDark = (share ?? 0) > 0.55
    let style = isDark ? " style=\"fill: #ffffff\"" : ""
    let line = truth == prediction ? " stroke=\"\(Palette.soft)\"" : ""
    return
      "<rect x=\"\(place(x + 1))\" y=\"\(place(y + 1))\" width=\"\(place(width - 2))\" "
      + "height=\"\(place(Self.row - 2))\" fill=\"\(Palette.heat)\" "
      + "fill-opacity=\"\(((share ?? 0) * 0.95 + 0.03).rounded(places: 2))\"\(line)/>"
      + "<text x=\"\(middle)\" y=\"\(place(y + 15))\" text-anchor=\"middle\"\(style)>\(count)</text>"
      + (share.map {
        "<text x=\"\(middle)\" y=\"\(place(y + 28))\" text-anchor=\"middle\" font-size=\"9\"\(style)>"
          + "\((100 * $0).rounded(places: 0)) %</text>"
      } ?? "")
  }

  /// Of the samples of a class, the share that was taken for another; nil where there are none.
  private func share(_ truth: Int, _ prediction: Int) -> Double? {
    let all = matrix.support(truth)
    return all > 0 ? Double(matrix.counts[truth][prediction]) / Double(all) : nil
  }

  /// A row for each pair of classes.
  var numbers: Table {
    Table(
      title, columns: ["true class", "taken for", "images", "share of the true class"],
      rows: classes.indices.flatMap { truth in
        classes.indices.map { prediction in
          [
            classes[truth], classes[prediction], "\(matrix.counts[truth][prediction])",
            share(truth, prediction).map { "\($0)" } ?? "",
          ]
        }
      })
  }
}
