import FERCore
import Testing

@testable import RUL

@Suite("RUL's section of the report")
struct UncertaintySectionTests {
  private func sample(_ label: Int, _ uncertainty: Float?, isRight: Bool) -> EvaluatedSample {
    let final: [Float] = (label == 0) == isRight ? [0.9, 0.1] : [0.1, 0.9]
    var row = EvaluatedSample(id: "", label: label, primary: final, final: final)
    if let uncertainty { row.evidence[.uncertainty] = [[uncertainty]] }
    return row
  }

  private func tables(_ samples: [EvaluatedSample]) -> [Table] {
    ReportSection.uncertainty.items(EvaluatedSet(classes: ["a", "b"], samples: samples)).compactMap { item in
      switch item {
      case .table(let table): table
      case .figure(_, _, let numbers): numbers
      case .pictures: nil
      }
    }
  }

  /// Twenty images of uncertainty 1, 2 ... 20, of which the last three are mistakes: ten parts of two, the ninth with one of
  /// them. The mean of 1 ... 17 is 9, of 18 ... 20 it is 19, of all 10.5.
  @Test("mistakes by uncertainty, and its mean by class")
  func numbers() {
    let found = tables((1...20).map { sample(0, Float($0), isRight: $0 <= 17) })
    #expect(found.map(\.title) == ["Mistakes by uncertainty", "Uncertainty by class"])
    #expect(found[0].rows.map { $0[2] } == Array(repeating: "0.0", count: 8) + ["50.0", "100.0"])
    #expect(found[0].rows[8] == ["17.000 to 18.000", "2", "50.0"])
    #expect(
      found[1].rows == [
        ["a", "20", "10.500", "9.000", "19.000"], ["b", "0", "", "", ""],
        ["all", "20", "10.500", "9.000", "19.000"],
      ])
  }

  @Test("nothing without uncertainty")
  func nothing() { #expect(tables([sample(1, nil, isRight: true)]).isEmpty) }
}
