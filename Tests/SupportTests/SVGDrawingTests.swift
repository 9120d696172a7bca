import Testing

@testable import Support

@Suite("SVG drawings")
struct SVGDrawingTests {
  @Test("places in tenths of a pixel, words escaped, and what is not a number is 0")
  func elements() {
    var drawing = SVGDrawing(width: 100, height: 20.25)
    drawing.fill(x: .nan, y: 1.04, width: -3, height: .infinity, "#2f7fc1", opacity: 0.5)
    drawing.write("<b>&\"'", x: 2, y: 10, .middle)
    drawing.write("up", x: 1, y: 2, size: 9, isUpright: true)
    drawing.line([(0, 0), (1, 2.5)], isDashed: true)
    drawing.dots([], radius: 1, "#000")
    let svg = drawing.svg
    #expect(svg.hasPrefix("<svg width=\"100\" height=\"20.3\" viewBox=\"0 0 100 20.3\" role=\"img\" "))
    #expect(
      svg.contains("<rect x=\"0\" y=\"1\" width=\"0\" height=\"0\" fill=\"#2f7fc1\" fill-opacity=\"0.50\"/>"))
    #expect(svg.contains("<text x=\"2\" y=\"10\" text-anchor=\"middle\">&lt;b&gt;&amp;&quot;&#39;</text>"))
    #expect(
      svg.contains("<text x=\"1\" y=\"2\" style=\"font-size: 9px\" transform=\"rotate(-90 1 2)\">up</text>"))
    #expect(svg.contains("points=\"0,0 1,2.5\"") && svg.contains("stroke-dasharray"))
    #expect(!svg.contains("<g") && !svg.contains("nan") && !svg.contains("inf"))
  }

  /// At size 10 a letter of ASCII counts as 6 pixels, another as 10.
  @Test("a text that is too wide is shortened, one that fits stays")
  func fitted() {
    #expect(SVGDrawing.width(of: "ab", size: 10) == 12 && SVGDrawing.width(of: "é喜", size: 10) == 20)
    #expect(SVGDrawing.fitted("happiness", width: 54, size: 10) == "happiness")
    // Four letters and the sign need 34 of the 35 pixels.
    #expect(SVGDrawing.fitted("happiness", width: 35, size: 10) == "happ…")
    #expect(SVGDrawing.fitted("happiness", width: 3, size: 10) == "…")
  }
}
