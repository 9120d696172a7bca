import ARBEx
import FERData
import Foundation
import TestSupport
import Testing

@Suite("RAN interrupted and resumed")
struct ResumeTests {
  private let runs = ShippedRuns()

  @Test("with random regions, resumed twice: the same bytes; its evidence is told")
  func regions() throws {
    let more = [
      "input.views={ use: \"regions\", crops: \"random\", count: 3 }", "input.size=16",
      "model.backbone.widths=[8, 8, 8, 16]",
    ]
    runs.expectResumes("fer2013/ran", more)
    let header = String(decoding: runs.bytes("whole/predictions.csv") ?? Data(), as: UTF8.self)
      .prefix { $0 != "\r\n" }
    #expect(header.contains("region-weights") && header.contains("relation-weights"), "\(header)")

    try Data(try ImageFile.encodePNG(Bars.picture(3))).write(
      to: URL(fileURLWithPath: runs.folder / "face.png"))
    let told = runs.arbex(["predict", runs.folder / "whole", runs.folder / "face.png", "--lines"])
    let row = try #require(
      try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any], "\(told.remarks)")
    let evidence = try #require(row["evidence"] as? [String: Any])
    for key in ["region-weights", "relation-weights"] {
      let weights = try #require(evidence[key] as? [Double])
      #expect(weights.count == 4 && abs(weights.reduce(0, +) - 1) < 1e-5)
    }
  }
}
