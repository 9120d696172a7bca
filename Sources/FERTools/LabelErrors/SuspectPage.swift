import FERCore
import FERData
import Support

extension SuspectList {
  /// How many suspects are shown.
  static let shown = 60

  /// A page with the worst suspects, their given and suggested labels. It needs no network and runs no script.
  /// - Parameter image: the image of that name; nil where it is not at hand, then its suspect is shown without.
  package func page(titled name: String, image: (String) -> Image?) -> String {
    let figures = places.prefix(Self.shown).map { place -> String in
      let (row, names) = (set.samples[place], names(at: place))
      let picture = image(row.id).flatMap { $0.source(side: 112) }
      let percent = { (value: Float) in (100 * Double(value)).rounded(places: 0) + "&nbsp;%" }
      let shares = [row.label ?? 0, final.suggestions[place]].map { percent(row.final[$0]) }
      return "<figure>"
        + (picture.map { "<img src=\"\($0)\" alt=\"\" title=\"\(row.id.printable.htmlEscaped)\">" } ?? "")
        + "<figcaption>labelled \(names.given.htmlEscaped), \(shares[0])<br>rather \(names.suggested.htmlEscaped), "
        + "\(shares[1])</figcaption></figure>"
    }
    let body = """
      <h1>\(name.htmlEscaped): suspected label errors</h1>
      <p>\(count) of \(set.samples.count) images are suspects by models that were trained without them; \
      the \(figures.count) worst are shown, with the balanced probability of both labels. \
      Whether a label is wrong is for a person to say; no file was changed.</p>
      <div class="row">\(figures.joined(separator: "\n"))</div>

      """
    return Report.page(titled: name, body)
  }
}
