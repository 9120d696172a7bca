import FERCore
import Foundation
import TestSupport
import Testing

@testable import FERTools

/// What cleanlab says: `Tests/Fixtures/Statistics/make.py`.
private struct LabelErrors: Decodable {
  let count: Int
  let classCount: Int
  let thresholds: [Double]
  let joint: [[Int]]
  let scores: [Double]
  let order: [Int]
}

@Suite("Confident learning")
struct ConfidentLearningTests {
  /// Given 0, 0, 0, 1, 1 with p[0] = 0.9, 0.7, 0.1, 0.2, 0.6: t = (1.7/3, (0.8 + 0.4)/2) = (0.5667, 0.6). Images 0 and 1 are
  /// confidently 0; image 2, p[1] = 0.9, is confidently 1; image 3 is confidently 1; image 4, p[0] = 0.6 above 0.5667, is
  /// confidently 0. Scores: 0.9, 0.7, 0.1, 0.8, 0.4.
  @Test("two classes by hand")
  func byHand() {
    let rows = [0.9, 0.7, 0.1, 0.2, 0.6].map { [$0, 1 - $0] }
    let found = ConfidentLearning(LabelledDistributions(name: "final", rows: rows, labels: [0, 0, 0, 1, 1]))
    #expect(isClose(found.thresholds[0], 1.7 / 3) && isClose(found.thresholds[1], 0.6))
    #expect(found.joint == [[2, 1], [1, 1]] && found.estimatedErrors == 2)
    for (score, expected) in zip(found.scores, [0.9, 0.7, 0.1, 0.8, 0.4]) {
      #expect(isClose(score, expected))
    }
    #expect(found.suggestions == [1, 1, 1, 0, 0])
    #expect(found.order == [2, 4, 1, 3, 0])
  }

  @Test("joint, scores and order are those of cleanlab")
  func peers() throws {
    let fixture = try statisticsFixture("label-errors", as: LabelErrors.self)
    let labels = seededClasses("statistics.labels", fixture.count, classCount: fixture.classCount)
    let rows = seededDistributions("statistics.final", labels: labels, classCount: fixture.classCount)
    let given = labels.indices.map {
      $0 % 8 == 0 ? (labels[$0] + 1 + $0 / 8 % 3) % fixture.classCount : labels[$0]
    }
    let found = ConfidentLearning(LabelledDistributions(name: "final", rows: rows, labels: given))
    #expect(zip(found.thresholds, fixture.thresholds).allSatisfy { isClose($0, $1, within: 1e-12) })
    #expect(found.joint == fixture.joint)
    #expect(zip(found.scores, fixture.scores).allSatisfy { isClose($0, $1, within: 1e-12) })
    #expect(found.order == fixture.order)
  }

  @Test("a class without images is nobody's label; without images there is nothing")
  func degenerate() {
    let found = ConfidentLearning(
      LabelledDistributions(name: "final", rows: [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]], labels: [0, 1]))
    #expect(found.thresholds[2] == nil && found.joint.allSatisfy { $0[2] == 0 })
    #expect(found.suggestions == [2, 2])
    let none = ConfidentLearning(LabelledDistributions(name: "final", rows: [], labels: []))
    #expect(none.order.isEmpty && none.estimatedErrors == 0)
  }

  /// Four images of class 0, two of them replaced; the worst by final are 1 and 3, by primary 0 and 1.
  @Test("how many replaced labels a list holds, by primary and by final; the table")
  func list() {
    let row = { (id: String, primary: Float, final: Float) in
      EvaluatedSample(
        id: id, label: 0, primary: [primary, 1 - primary], terms: [[0.5, 0.5]], final: [final, 1 - final])
    }
    let set = EvaluatedSet(
      classes: ["=a", "b"], termNames: ["anchor"],
      samples: [row("0", 0.125, 0.875), row("1", 0.25, 0.25), row("2", 0.75, 0.75), row("3", 0.5, 0.375)])
    let list = SuspectList(set, stored: [0, 1, 0, 1], folds: [0, 1, 0, 1], count: 3)
    #expect(list.replaced == [1, 3] && Array(list.places) == [1, 3, 2])
    #expect(list.recoveries.map(\.found) == [1, 2, 2, 2] && list.recoveries.map(\.length) == [2, 2, 3, 3])
    #expect(
      list.recoveries.map(\.share) == [0.5, 1, 1, 1]
        && list.recoveries.map(\.chance) == [0.5, 0.5, 0.75, 0.75])
    let lines = list.csv.split(separator: "\r\n")
    #expect(
      lines[0]
        == "image,given label,suggested label,primary score,final score,confidence,fold,label in the data")
    #expect(
      lines.count == 4 && lines[1].hasPrefix("1,'=a,b,0.25,0.25,") && lines[1].hasSuffix(",2,b"))
    let page = list.page(titled: "<x>") { _ in nil }
    #expect(
      page.contains("&lt;x&gt;: suspected") && page.contains("labelled =a, 25&nbsp;%<br>rather b, 75&nbsp;%"))
    #expect(SuspectList(set, stored: [0, 0, 0, 0], folds: [0, 0, 0, 0], count: 9).recoveries.isEmpty)
  }
}
