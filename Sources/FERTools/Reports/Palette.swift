import Support

/// The colours of figures, fit for an attribute or a style. Each is a variable of the page, which has other values in the
/// dark, with the value it has where there is no page; ``StandaloneSVG`` writes the latter into files.
package enum Palette {
  /// Lines and text.
  package static let ink = "var(--ink,#222222)"
  /// Text and lines of less weight.
  package static let soft = "var(--soft,#666666)"
  /// Lines that guide the eye.
  package static let grid = "var(--grid,#dddddd)"
  /// What lies behind everything.
  package static let paper = "var(--paper,#ffffff)"
  /// A surface whose opacity is a number; white text can be read on it from 0.55 on.
  package static let heat = "#1f5a96"

  /// Colours that stay apart, also for most colour-blind eyes (Okabe and Ito 2008, then repeated darker), each with its
  /// lighter form for a dark page.
  static let colors = [
    ("#0072b2", "#4da3e0"), ("#d55e00", "#f0803c"), ("#009e73", "#2bc299"), ("#cc79a7", "#dd94bd"),
    ("#e69f00", "#f0b429"), ("#56b4e9", "#8fd0f5"), ("#8c6d31", "#c2a15a"), ("#333333", "#d0d0d0"),
    ("#6a3d9a", "#b48ae0"), ("#b2182b", "#ef6b79"),
  ]

  /// The colour of a class or line.
  package static func color(_ index: Int) -> String {
    let place = ((index % colors.count) + colors.count) % colors.count
    return "var(--c\(place),\(colors[place].0))"
  }
}

/// A figure as a file of its own.
enum StandaloneSVG {
  /// A figure of the page with the colours and the font that the page gives it, on white.
  static func text(_ svg: String) -> String {
    let plain = svg.replacing(/var\(--[a-z0-9-]+, ?(#[0-9a-f]+)\)/) { String($0.1) }
    guard let end = plain.firstIndex(of: ">"), plain.hasPrefix("<svg") else { return plain }
    var head = plain[..<end]
    if head.last == "/" { head.removeLast() }
    let space = head.contains("xmlns=") ? "" : " xmlns=\"http://www.w3.org/2000/svg\""
    let rest = plain[plain.index(after: end)...]
    return head + space + ">\n<style>svg { \(font) } text { fill: #222222; }</style>\n"
      + "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\(rest)\n"
  }

  /// What text in figures looks like.
  static let font = "font: 11px system-ui, 'DejaVu Sans', Arial, sans-serif;"
}

/// How wide text of figures is.
package enum LabelWidth {
  /// Pixels of a text in the widest of the fonts that a reader may have (DejaVu Sans).
  package static func of(_ text: String, size: Double = 11) -> Double {
    text.reduce(0) { sum, character in
      guard character.isASCII else { return sum + size }
      return sum + size * ("iljtfr.,:;'|!()[] ".contains(character) ? 0.42 : Self.wide(character))
    }
  }

  private static func wide(_ character: Character) -> Double {
    "mwMW%@".contains(character) ? 1 : character.isUppercase ? 0.77 : 0.64
  }

  /// The text, its end left out where it is wider than `width`.
  package static func cut(_ text: String, to width: Double, size: Double = 11) -> String {
    guard of(text, size: size) > width else { return text }
    var kept = text
    while !kept.isEmpty, of(kept, size: size) + size > width { kept.removeLast() }
    return kept + "…"
  }
}

/// A coordinate, in tenths of a pixel.
func place(_ value: Double) -> String { value.rounded(places: 1) }
