import FERCore
import Testing

@testable import RAN

@Suite("RAN's section of the report")
struct RegionSectionTests {
  private func sample(_ label: Int?, own: [Float], relation: [Float]) -> EvaluatedSample {
    var row = EvaluatedSample(id: "", label: label, primary: [1, 0], final: [1, 0])
    row.evidence = [.regionWeights: [own], .relationWeights: [relation]]
    return row
  }

  private func tables(_ samples: [EvaluatedSample]) -> [Table] {
    ReportSection.regions.items(EvaluatedSet(classes: ["a", "b"], samples: samples)).compactMap { item in
      switch item {
      case .table(let table): table
      case .figure(_, _, let numbers): numbers
      case .pictures: nil
      }
    }
  }

  @Test("mean weights over all images, and by class where it occurs")
  func means() {
    let found = tables([
      sample(0, own: [0.25, 0.75], relation: [0.5, 0.5]), sample(0, own: [0.75, 0.25], relation: [1, 0]),
      sample(nil, own: [0.5, 0.5], relation: [0, 1]),
    ])
    #expect(found.map(\.title) == ["Region weights", "Region weights by class"])
    #expect(found[0].rows == [["1", "0.5000", "0.5000"], ["2", "0.5000", "0.5000"]])
    #expect(found[1].columns == ["region", "a", "b"])
    #expect(found[1].rows == [["1", "0.5000", ""], ["2", "0.5000", ""]])
    let single = tables([sample(1, own: [0.25, 0.75], relation: [0.125, 0.875])])
    #expect(single[0].rows == [["1", "0.2500", "0.1250"], ["2", "0.7500", "0.8750"]])
    #expect(single[1].rows == [["1", "", "0.2500"], ["2", "", "0.7500"]])
  }

  @Test("nothing without weights, or where images have different numbers of them")
  func nothing() {
    #expect(tables([EvaluatedSample(id: "", label: 0, primary: [1, 0], final: [1, 0])]).isEmpty)
    #expect(tables([sample(0, own: [1], relation: [1]), sample(0, own: [0.5, 0.5], relation: [1])]).isEmpty)
  }
}
