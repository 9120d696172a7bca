import FERCore
import FERData
import Foundation
import Testing

@testable import FERTools
@testable import FERTraining

@Suite("The report's surest mistakes")
struct SurestMistakesTests {
  private func row(_ id: String, _ label: Int?, _ final: [Float]) -> EvaluatedSample {
    EvaluatedSample(id: id, label: label, primary: final, terms: [], final: final)
  }

  @Test("wrong ones only, the surest first, with the image in the page")
  func order() throws {
    let samples = [
      row("right", 0, [0.99, 0.01]), row("sure", 1, [0.9, 0.1]), row("unsure", 0, [0.4, 0.6]),
      row("absent", 1, [0.8, 0.2]), row("unknown", nil, [1, 0]),
    ]
    let evaluation = Evaluation(EvaluatedSet(classes: ["a", "<b>"], samples: samples))
    let green = Image(width: 224, height: 112, colour: [0, 1, 0])
    let subject = ReportSubject(name: "run", evaluation: evaluation) { $0 == "absent" ? nil : green }
    let whole = Report.page(of: subject).html
    let heading = try #require(whole.range(of: ">Surest mistakes</h2>"))
    let page = String(whole[heading.upperBound...])
    let captions = page.components(separatedBy: "alt=\"\"><figcaption>").dropFirst().prefix(2).map {
      String($0.prefix { $0 != "/" })
    }
    #expect(
      captions == ["a 90 %; labelled &lt;b&gt;\nsure<", "&lt;b&gt; 60 %; labelled a\nunsure<"])
    let start = try #require(page.range(of: "base64,"))
    let bytes = try #require(Data(base64Encoded: String(page[start.upperBound...].prefix { $0 != "\"" })))
    let picture = try ImageFile.decode([UInt8](bytes), name: "face")
    #expect(picture.width == 112 && picture.height == 56 && picture.bytes.prefix(3) == [0, 255, 0])
    let without = Report.page(of: ReportSubject(name: "run", evaluation: evaluation)).html
    #expect(!without.contains("Surest mistakes"))
  }
}
