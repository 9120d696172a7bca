import FERCore
import FERTraining
import TensorKit
import Testing

@testable import FERTools

@Suite("Parts of a report: embeddings, contact sheets, every image")
struct ImagePartTests {
  private let anchors = EvidenceKey("anchors", .shared)

  /// Classes {0, 2} and {10, 12} on a line: Davies-Bouldin (1 + 1) / 10, Calinski-Harabasz 50; see `PointTests`.
  @Test("embeddings and anchors in one picture, the scores those of the embeddings")
  func embeddings() throws {
    let labels = [0, 1, 0, 1]
    let set = EvaluatedSet(
      classes: ["a", "b"],
      samples: labels.enumerated().map { place, label in
        EvaluatedSample(id: "\(place)", label: label, primary: [1, 0], final: [1, 0])
      })
    let points = Tensor([4, 2], [0, 0, 10, 0, 2, 0, 12, 0])
    let marks = Tensor([2, 3, 2], [0, 1, 1, 1, 2, 1, 10, 1, 11, 1, 12, 1])
    let items = try ReportPart.embeddings.items(
      HandMade.subject(set, embeddings: points, shared: [anchors: marks]))
    let (figure, table) = (try #require(items.figures.first), try #require(items.tables.first))
    #expect(figure.caption.hasPrefix("t-SNE (seed 1, perplexity 3) of 4 of 4 images"), "\(figure.caption)")
    #expect(figure.caption.contains("; diamonds are anchors. "), "\(figure.caption)")
    #expect(
      figure.caption.contains("Davies-Bouldin 0.200 ") && figure.caption.contains("Calinski-Harabasz 50.0 "))
    #expect(table.rows.count == 10)
    #expect(
      table.rows.map { $0[0] }.suffix(6) == [
        "anchors 1", "anchors 2", "anchors 3", "anchors 1", "anchors 2", "anchors 3",
      ])
    #expect(table.rows.map { $0[2] } == ["a", "b", "a", "b", "a", "a", "a", "b", "b", "b"])
    #expect(figure.svg.components(separatedBy: "<circle").count == 5)
    #expect(figure.svg.components(separatedBy: "<path").count == 7)
    #expect(
      try ReportPart.embeddings.items(
        HandMade.subject(set, embeddings: points, shared: [anchors: marks])
      ).figures.first?.svg == figure.svg)
  }

  @Test("too few points for neighbours: principal components; numbers that are none: nothing")
  func fewPoints() throws {
    let points = Tensor([5, 2], [0, 0, 1, 0, 2, 0, 3, 0, 4, 0])
    let caption = try ReportPart.embeddings.items(HandMade.subject(embeddings: points)).figures.first?.caption
    #expect(
      caption?.hasPrefix("The first two principal components (100.0 % of the variance) of 5 of 5") == true)
    let broken = Tensor([5, 2], [.nan, 0, 1, 0, 2, 0, 3, 0, 4, 0])
    #expect(try ReportPart.embeddings.items(HandMade.subject(embeddings: broken)).isEmpty)
    #expect(try ReportPart.embeddings.items(HandMade.subject()).isEmpty)
  }

  @Test("images of a picture are drawn evenly")
  func spread() {
    #expect(ReportPart.spread(4, over: 10) == [0, 2, 5, 7])
    #expect(ReportPart.spread(3, over: 3) == [0, 1, 2])
  }

  @Test("contact sheets: mistakes by sureness, right answers by doubt, corrections by what they moved")
  func sheets() throws {
    let subject = HandMade.subject()
    #expect(
      try ReportPart.surestMistakes.items(subject).captions
        == ["a 62 %; labelled b\ny/broken.png", "b 58 %; labelled c\nz/anew.png"])
    #expect(
      try ReportPart.leastSure.items(subject).captions
        == ["a 70 %\nx/mended.png", "a 85 %\nx/same.png", "b 90 %\ny/surer.png"])
    #expect(
      try ReportPart.mostCorrected.items(subject).captions.first
        == "broken: b 80 % → a 62 %; labelled b\ny/broken.png")
    #expect(try ReportPart.mostCorrected.items(subject).captions.count == 5)
    #expect(try ReportPart.mostCorrected.items(HandMade.subject(HandMade.plain)).isEmpty)
    let blind = ReportSubject(name: "no images", evaluation: subject.evaluation)
    #expect(try ReportPart.surestMistakes.items(blind).isEmpty)
    #expect(abs(HandMade.samples[2].movedProbability - 0.42) < 1e-6)
  }

  /// Confidence of 0.9 and 0.1 among three classes: 1 − 0.32508 / ln 3 = 0.704.
  @Test("every image: a row with the essential columns, which may be sorted")
  func everyImage() throws {
    var samples = HandMade.samples
    for place in samples.indices {
      samples[place].nearest = [
        anchors: [NearPoint(label: 1, distance: 2.5), NearPoint(label: 0, distance: 3)]
      ]
      samples[place].evidence = [
        EvidenceKey("doubt", .sample): [[Float(place)]], EvidenceKey("views", .views): [[1, 2]],
      ]
    }
    samples[4].label = nil
    let table = try #require(
      ReportPart.predictions.items(HandMade.subject(HandMade.set(samples))).tables.first)
    #expect(
      table.columns == [
        "image", "class", "primary", "final", "primary confidence", "confidence", "probability", "change",
        "right",
        "nearest of anchors", "doubt",
      ])
    let rows = table.rows
    #expect(
      rows[3] == ["y/surer.png", "b", "b", "b", "0.444", "0.704", "0.900", "same", "yes", "b 2.500", "3.000"])
    #expect(rows.map { $0[7] } == ["same", "mended", "broken", "same", "changed"])
    #expect(rows.map { $0[8] } == ["yes", "yes", "no", "yes", ""])
    let plain = try #require(ReportPart.predictions.items(HandMade.subject(HandMade.plain)).tables.first)
    #expect(plain.columns == ["image", "class", "final", "confidence", "probability", "right"])
  }
}
