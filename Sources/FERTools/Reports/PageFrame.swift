import Foundation
import Support

// What every page has: it asks for nothing from the network, and runs nothing but the script that sorts tables.
extension Report {
  /// A page of its own.
  package static func page(titled name: String, _ body: String) -> String {
    // What a browser runs is known by its digest, so that nothing else in the page can be run.
    let policy =
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-\(scriptDigest)'"
    let script = body.contains("class=\"sortable") ? "<script>\(sortingScript)</script>" : ""
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(name.htmlEscaped)</title>
      <style>
      \(style)
      </style></head><body>
      \(body)\(script)</body></html>

      """
  }

  /// Of the script's bytes, as a Content-Security-Policy names them.
  private static var scriptDigest: String {
    let digits = Array(Digest.sha256(sortingScript).utf8).map { UInt8(ascii: "9") >= $0 ? $0 - 48 : $0 - 87 }
    let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    return Data(bytes).base64EncodedString()
  }

  /// Sorts a table of class "sortable" by the column whose head is clicked, numbers by value and what is no number last;
  /// again, the other way round.
  private static let sortingScript = """
    for (const table of document.querySelectorAll("table.sortable")) {
      const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
      heads.forEach((head, column) => {
        head.tabIndex = 0;
        const sort = () => {
          const down = head.ariaSort === "ascending";
          heads.forEach((other) => { other.ariaSort = other === head ? (down ? "descending" : "ascending") : null; });
          const key = (row) => {
            const text = row.cells[column] ? row.cells[column].textContent.trim() : "";
            const number = parseFloat(text.replace("\\u2212", "-"));
            return [Number.isNaN(number) ? null : number, text];
          };
          const rows = [...body.rows].map((row) => [key(row), row]);
          rows.sort(([[a, s]], [[b, t]]) => {
            if ((a === null) !== (b === null)) return a === null ? 1 : -1;
            const order = a === null || a === b ? s.localeCompare(t) : a - b;
            return down ? -order : order;
          });
          body.append(...rows.map(([, row]) => row));
        };
        head.addEventListener("click", sort);
        head.addEventListener("keydown", (event) => {
          if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); }
        });
      });
    }
    """

  private static var style: String {
    let light = Palette.colors.enumerated().map { "--c\($0): \($1.0);" }.joined(separator: " ")
    let dark = Palette.colors.enumerated().map { "--c\($0): \($1.1);" }.joined(separator: " ")
    // Columns of words, told by their numbers.
    let words = (2...40).map { ".w\($0) :is(th, td):nth-child(\($0))" }.joined(separator: ", ")
    return """
      :root { color-scheme: light; --paper: #ffffff; --ink: #222222; --soft: #666666; --grid: #dddddd;
        --shade: #f3f4f6; --note: #fff4dd; --link: #1f5a96; \(light) }
      @media screen and (prefers-color-scheme: dark) {
        :root { color-scheme: dark; --paper: #16181c; --ink: #e4e6ea; --soft: #a0a6b0; --grid: #3a3f47;
          --shade: #22262c; --note: #3a2f17; --link: #8fc1f5; \(dark) }
      }
      * { box-sizing: border-box; }
      body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 1.5rem auto; padding: 0 1rem;
        background: var(--paper); color: var(--ink); overflow-wrap: break-word; }
      h1, h2, h3 { line-height: 1.25; }
      h2 { margin: 2.2rem 0 0.6rem; }
      h3 { margin: 1rem 0 0.3rem; font-size: 1rem; }
      a { color: var(--link); }
      nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; margin: 1rem 0; font-size: 14px; }
      dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.15rem 1rem; margin: 0; }
      dt { color: var(--soft); }
      dd { margin: 0; overflow-wrap: anywhere; }
      .note { background: var(--note); padding: 0.4rem 0.8rem; margin: 0.5rem 0; border-radius: 4px; }
      .note p { margin: 0.2rem 0; }
      .scroll { overflow-x: auto; max-width: 100%; }
      .tall { max-height: 36rem; overflow-y: auto; }
      .tall thead th { position: sticky; top: 0; background: var(--paper); }
      table { border-collapse: collapse; margin: 0.3rem 0 1rem; }
      th, td { padding: 0.2rem 0.6rem; text-align: right; vertical-align: top; font-variant-numeric: tabular-nums; }
      th:first-child, td:first-child, \(words) { text-align: left; }
      thead th { border-bottom: 1px solid var(--soft); font-weight: 600; vertical-align: bottom; }
      tbody tr:nth-child(even) { background: var(--shade); }
      .sortable thead th[tabindex] { cursor: pointer; }
      [aria-sort=ascending]::after { content: " \\2191"; }
      [aria-sort=descending]::after { content: " \\2193"; }
      .row { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; align-items: flex-start; }
      .row > * { max-width: 100%; min-width: 0; }
      figure { margin: 0 0 0.8rem; font-size: 13px; line-height: 1.35; }
      figcaption { white-space: pre-line; overflow-wrap: anywhere; contain: inline-size; }
      .faces figure { width: 112px; }
      .faces img { display: block; width: 100%; margin-bottom: 0.3rem; }
      svg { display: block; max-width: 100%; height: auto; \(StandaloneSVG.font) }
      .wide > svg { max-width: none; }
      svg text { fill: var(--ink); }
      pre { overflow-x: auto; background: var(--shade); padding: 0.8rem; font-size: 12px; line-height: 1.4; }
      summary { cursor: pointer; font-weight: 600; margin: 0.5rem 0; }
      @page { margin: 12mm; }
      @media print {
        body { font-size: 10pt; max-width: none; margin: 0; padding: 0; }
        nav { display: none; }
        h2, h3 { break-after: avoid; }
        figure, tr, .note { break-inside: avoid; }
        .scroll { overflow: visible; }
        .tall { max-height: none; }
        .wide > svg { max-width: 100%; }
        th, td { padding: 0.1rem 0.35rem; font-size: 8pt; overflow-wrap: anywhere; min-width: 6.5em; }
        .many :is(th, td) { min-width: 0; font-size: 6pt; padding: 0.1rem 0.2rem; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 7pt; }
        details::details-content { content-visibility: visible; block-size: auto; }
      }
      """
  }
}
