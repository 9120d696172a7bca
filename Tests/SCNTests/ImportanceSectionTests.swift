import FERCore
import Testing

@testable import SCN

@Suite("SCN's section of the report")
struct ImportanceSectionTests {
  private func sample(_ label: Int?, _ importance: Float?, _ final: [Float]) -> EvaluatedSample {
    var row = EvaluatedSample(id: "", label: label, primary: final, final: final)
    if let importance { row.evidence[.importance] = [[importance]] }
    return row
  }

  private func tables(_ set: EvaluatedSet) -> [Table] {
    ReportSection.importance.items(set).compactMap { item in
      switch item {
      case .table(let table): table
      case .figure(_, _, let numbers): numbers
      case .pictures: nil
      }
    }
  }

  /// Of class a one is right (0.8) and one wrong (0.4) by 0.1, too little to be relabelled; of b one is wrong (0.3) by 0.5. The
  /// mean of the two that stay is 0.6.
  @Test("importance by class, by mistakes, and of what relabelling would change")
  func numbers() {
    let set = EvaluatedSet(
      classes: ["a", "b"],
      samples: [
        sample(0, 0.8, [0.9, 0.1]), sample(0, 0.4, [0.45, 0.55]), sample(1, 0.3, [0.75, 0.25]),
        sample(nil, 0.9, [1, 0]),
      ])
    let found = tables(set)
    #expect(
      found.map(\.title) == ["Importance by class", "Accuracy by importance", "What relabelling would do"])
    #expect(
      found[0].rows == [
        ["a", "2", "0.600", "0.800", "0.400"], ["b", "1", "0.300", "", "0.300"],
        ["all", "3", "0.500", "0.800", "0.350"],
      ])
    #expect(
      found[1].rows == [
        ["0.300 to 0.300", "1", "0.0"], ["0.400 to 0.400", "1", "0.0"], ["0.800 to 0.800", "1", "100.0"],
      ])
    #expect(found[2].rows.map { Array($0.dropFirst()) } == [["1", "0.300"], ["2", "0.600"]])
  }

  @Test("nothing where no image has an importance, or nobody knows the classes")
  func nothing() {
    #expect(tables(EvaluatedSet(classes: ["a", "b"], samples: [sample(0, nil, [1, 0])])).isEmpty)
    #expect(tables(EvaluatedSet(classes: ["a", "b"], samples: [sample(nil, 0.5, [1, 0])])).isEmpty)
  }
}
