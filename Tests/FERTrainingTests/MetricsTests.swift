import FERCore
import Foundation
import TensorKit
import Testing

@testable import FERTools
@testable import FERTraining
import FERTools
import Support

@Suite("Metrics")
struct MetricsTests {
  /// Truth 0 0 1 1 1, predictions 0 1 1 1 0. Class 0: precision 1/2, recall 1/2. Class 1: precision 2/3, recall 2/3.
  /// Class 2 neither occurs nor is predicted. Accuracy 3/5, macro over the two classes that occur 7/12.
  @Test("by hand")
  func byHand() {
    var matrix = ConfusionMatrix(classCount: 3)
    for (truth, guess) in zip([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]) {
      matrix.add(truth: truth, prediction: guess)
    }
    #expect(matrix.accuracy == 0.6)
    #expect(matrix.precision(0) == 0.5 && matrix.recall(0) == 0.5 && matrix.f1(0) == 0.5)
    #expect(matrix.precision(1) == 2.0 / 3 && matrix.recall(1) == 2.0 / 3)
    #expect(matrix.precision(2) == nil && matrix.recall(2) == nil && matrix.f1(2) == nil)
    #expect(abs((matrix.macroRecall ?? 0) - 7.0 / 12) < 1e-12)
    #expect(matrix.counts == [[1, 1, 0], [1, 2, 0], [0, 0, 0]])
  }

  /// The same numbers from their definitions: counting over the list of pairs, one class and one number at a time.
  @Test("against counting over lists, with ties, empty classes and no samples", arguments: 0..<200)
  func bruteForce(seed: Int) {
    var random = RandomSource(seed: UInt64(seed), stream: "metrics")
    let classes = 2 + random.below(5)
    let pairs = (0..<random.below(30)).map { _ in (truth: random.below(classes), guess: random.below(classes))
    }
    var matrix = ConfusionMatrix(classCount: classes)
    for pair in pairs { matrix.add(truth: pair.truth, prediction: pair.guess) }
    let hits = pairs.filter { $0.truth == $0.guess }.count
    #expect(matrix.accuracy == (pairs.isEmpty ? nil : Double(hits) / Double(pairs.count)))
    var macro: [Double] = []
    for label in 0..<classes {
      let both = pairs.filter { $0.truth == label && $0.guess == label }.count
      let true_ = pairs.filter { $0.truth == label }.count
      let guessed = pairs.filter { $0.guess == label }.count
      #expect(matrix.precision(label) == (guessed == 0 ? nil : Double(both) / Double(guessed)))
      #expect(matrix.recall(label) == (true_ == 0 ? nil : Double(both) / Double(true_)))
      let f1 = true_ + guessed == 0 ? nil : 2 * Double(both) / Double(true_ + guessed)
      #expect(matrix.f1(label) == f1)
      if true_ > 0 { macro.append(f1 ?? 0) }
    }
    let mean = macro.isEmpty ? nil : macro.reduce(0, +) / Double(macro.count)
    #expect(matrix.macroF1 == mean)
  }

  @Test("what is undefined is null, never NaN")
  func undefinedIsNull() {
    let text = ConfusionMatrix(classCount: 2).json(classes: ["a", "b"]).text
    #expect(text.contains("\"accuracy\": null"))
    #expect(text.contains("\"precision\": null"))
    #expect(!text.lowercased().contains("nan"))
  }

  @Test("the first of equal largest numbers wins")
  func ties() {
    #expect(([0.2, 0.4, 0.4] as [Float]).firstMaximum == 1)
    #expect(([Float]()).firstMaximum == 0)
  }
}

@Suite("Tables and reports")
struct ReportTests {
  private func evaluation() -> Evaluation {
    let samples = (0..<4).map { index in
      let final: [Float] = index % 2 == 0 ? [0.75, 0.25] : [0.25, 0.75]
      return EvaluatedSample(
        id: "a,\"\(index)\".png", label: index % 2, primary: final, terms: [[0.5, 0.5]], final: final)
    }
    let set = EvaluatedSet(
      classes: ["=joy", "<script>alert(1)</script>"], termNames: ["anchor"], samples: samples)
    return Evaluation(
      set, loss: .nan, embeddings: Tensor([4, 3], [0, 0, 1, 2, 0, 1, 0, 1, 1, 2, 1, 1]),
      shared: [EvidenceKey("marks", .shared): Tensor([2, 1, 3], [0, 0, 0, 1, 1, 1])])
  }

  @Test("a table for spreadsheets disarms formulas")
  func csv() {
    let lines = evaluation().set.predictionTable.components(separatedBy: "\r\n")
    #expect(lines.count == 6 && lines[5].isEmpty)
    #expect(lines[0].hasPrefix("image,class,primary,final,confidence,primary =joy,"))
    #expect(lines[1].hasPrefix("\"a,\"\"0\"\".png\",'=joy,'=joy,'=joy,0.18872"))
  }

  @Test("a page escapes every text and asks for nothing from the network")
  func html() {
    let page = Report.page(of: ReportSubject(name: "<i>&\"run\"", evaluation: evaluation())).html
    #expect(!page.contains("<script>alert") && !page.contains("<i>"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(page.contains("&lt;i&gt;&amp;&quot;run&quot;"))
    #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("src="))
    #expect(page.components(separatedBy: "<circle").count == 5)
    #expect(page.components(separatedBy: "<path").count == 3)
    #expect(!page.contains("nan") && !page.contains("inf\""))
    #expect(page.contains(">What balancing did</h2>"))
    #expect(page.contains("<p>correction &quot;anchor&quot; is nearly the same for every image"))
  }

  @Test("an evaluation tells what each distribution is worth, and warns, in words and in JSON")
  func balance() throws {
    let words = evaluation().summary
    #expect(words.contains("anchor") && words.contains("deviation over images"), "\(words)")
    #expect(words.contains("warning: correction \"anchor\" is nearly the same for every image"), "\(words)")
    let found = try JSONSerialization.jsonObject(with: Data(evaluation().json.utf8)) as? [String: Any]
    let distributions = try #require(found?["distributions"] as? [[String: Any]])
    #expect(distributions.map { $0["name"] as? String } == ["primary", "anchor", "final"])
    #expect(
      distributions.map { $0["deviation"] as? Double } == [0.25, 0, 0.25]
        && distributions.map { $0["accuracy"] as? Double } == [1, 0.5, 1])
    // Twice 1/16 of each, once twice 1/4.
    #expect(distributions.map { $0["brier"] as? Double } == [0.125, 0.5, 0.125])
    #expect(words.contains("Brier"))
    #expect((found?["warnings"] as? [String])?.count == 1)
  }

  @Test("one prediction as JSON has its arrays in the order of the classes")
  func json() throws {
    let row = EvaluatedSample(id: "x\"", label: nil, primary: [1, 0], terms: [[0, 1]], final: [0.5, 0.5])
    #expect(
      try written(.lines, [row])
        == [
          #"{"image": "x\"", "class": "a", "confidence": 0.0, "classes": ["a", "b"], "primary": [1.0, 0.0], "#
            + #""terms": {"t": [0.0, 1.0]}, "final": [0.5, 0.5]}"#
        ])
    #expect(
      try written(.json, [row, row], top: 5, threshold: 0.1).joined(separator: "\n")
        == """
        {"classes": ["a", "b"], "predictions": [
          {"image": "x\\"", "class": "abstained", "confidence": 0.0, "abstained": true, "top": \
        [{"class": "a", "probability": 0.5}, {"class": "b", "probability": 0.5}], "primary": [1.0, 0.0], \
        "terms": {"t": [0.0, 1.0]}, "final": [0.5, 0.5]}
        , {"image": "x\\"", "class": "abstained", "confidence": 0.0, "abstained": true, "top": \
        [{"class": "a", "probability": 0.5}, {"class": "b", "probability": 0.5}], "primary": [1.0, 0.0], \
        "terms": {"t": [0.0, 1.0]}, "final": [0.5, 0.5]}
        ], "unreadable": [{"image": "bad", "problem": "is torn"}]}
        """)
    #expect(
      try written(.csv, [row], top: 1)
        == [
          "image,class,confidence,top 1,top 1 probability,primary a,primary b,t a,t b,final a,final b\r",
          #""x""",a,0.0,a,0.5,1.0,0.0,0.0,1.0,0.5,0.5"# + "\r",
        ])
    #expect(
      try written(.text, [row], threshold: 0.5)
        == [
          "x\": abstained (confidence 0%, below 0.5)\n  primary: a 100%, b 0%\n  t: b 100%, a 0%\n  final: a 50%, b 50%"
        ])
  }

  @Test("evidence of one number or one for each view has columns, maps stand in JSON alone")
  func writtenEvidence() throws {
    var row = EvaluatedSample(id: "x", label: 0, primary: [1, 0], terms: [[0, 1]], final: [0.5, 0.5])
    row.evidence = [
      EvidenceKey("b", .views): [[0.25, 0.75]], EvidenceKey("a", .sample): [[2]],
      EvidenceKey("m", .map): [[1, 2], [3, 4]],
    ]
    #expect(
      try written(.csv, [row, row])
        == ["image,class,confidence,primary a,primary b,t a,t b,final a,final b,a,b 1,b 2\r"]
        + [String](repeating: "x,a,0.0,1.0,0.0,0.0,1.0,0.5,0.5,2.0,0.25,0.75\r", count: 2))
    #expect(try written(.csv, []) == ["image,class,confidence,primary a,primary b,t a,t b,final a,final b\r"])
    #expect(
      try written(.lines, [row])[0].hasSuffix(
        #""evidence": {"a": 2.0, "b": [0.25, 0.75], "m": [[1.0, 2.0], [3.0, 4.0]]}}"#))
    let set = EvaluatedSet(classes: ["a", "b"], termNames: ["t"], samples: [row])
    #expect(
      set.predictionTable.split(separator: "\r\n").map(String.init) == [
        "image,class,primary,final,confidence,primary a,primary b,t a,t b,final a,final b,a,b 1,b 2,"
          + "t answer,primary confidence,t confidence,primary probability,t probability,final probability,change,right",
        "x,a,a,a,0.0,1.0,0.0,0.0,1.0,0.5,0.5,2.0,0.25,0.75,b,1.0,1.0,1.0,1.0,0.5,same,yes",
      ])
  }

  /// From (0, 0) the points of the first class are 5 and 1 away, those of the second 1 and 10; from (6, 8) 5 and √85, √89 and 0.
  @Test("points of classes that lie nearest to an embedding, the first of equals first, and their columns")
  func nearest() throws {
    let shares = Tensor([2, 2], [0.75, 0.25, 0.25, 0.75])
    let outcome = Outcome(
      embedding: Tensor([2, 2], [0, 0, 6, 8]), logits: shares, primary: shares, terms: [], final: shares,
      evidence: [
        EvidenceKey("marks", .shared): Tensor([2, 2, 2], [3, 4, 0, 1, 1, 0, 6, 8]),
        EvidenceKey("flat", .shared): Tensor([2, 2], [1, 2, 3, 4]),
        EvidenceKey("other space", .shared): Tensor([2, 1, 3], [0, 0, 0, 0, 0, 0]),
      ])
    let rows = outcome.evaluated(ids: ["x", "y"])
    let key = EvidenceKey("marks", .shared)
    #expect(rows.map { Array($0.nearest.keys) } == [[key], [key]])
    #expect(
      rows[0].nearest[key] == [
        NearPoint(label: 0, distance: 1), NearPoint(label: 1, distance: 1), NearPoint(label: 0, distance: 5),
      ])
    #expect(rows[1].nearest[key]?.map(\.label) == [1, 0, 0])
    let lines = EvaluatedSet(classes: ["a", "b"], samples: rows).predictionTable.split(separator: "\r\n")
    #expect(
      lines[0].hasSuffix(
        ",change,right,marks 1,marks 1 distance,marks 2,marks 2 distance,marks 3,marks 3 distance"))
    #expect(lines[1].hasSuffix(",same,,a,1.0,b,1.0,a,5.0"))
  }

  private func written(
    _ form: PredictionWriter.Form, _ rows: [EvaluatedSample], top: Int? = nil, threshold: Float? = nil
  ) throws -> [String] {
    var lines: [String] = []
    var writer = PredictionWriter(
      form, classes: ["a", "b"], termNames: ["t"], top: top, abstainBelow: threshold
    ) {
      lines.append($0)
    }
    try writer.begin()
    for row in rows { try writer.write(row) }
    if form == .json { try writer.write(unreadable: "bad", "is torn") }
    try writer.end()
    return lines
  }
}
