import FERCore
import Testing

@testable import FERTools

@Suite("Accuracy by group and attribute")
struct BreakdownTests {
  private func sample(
    _ label: Int?, _ primary: Int, _ final: Int, group: String = "", _ attributes: [String: String] = [:]
  ) -> EvaluatedSample {
    let row = { (answer: Int) in answer == 0 ? [Float(1), 0] : [0, 1] }
    var sample = EvaluatedSample(id: "a", label: label, primary: row(primary), final: row(final))
    (sample.group, sample.attributes) = (group, attributes)
    return sample
  }

  /// Women: primary 1 of 2, final 2 of 2. Men: primary 2 of 3, final 1 of 3. One of unknown gender, one without class.
  /// Persons: "p" 1 of 1 by both, "q" 0 of 1 by primary, 1 of 1 by final.
  @Test("by hand")
  func byHand() throws {
    let (woman, man) = (["gender": "woman", "age": "20"], ["gender": "man"])
    let set = EvaluatedSet(
      classes: ["a", "b"],
      samples: [
        sample(0, 0, 0, group: "p", woman), sample(1, 0, 1, group: "q", woman), sample(0, 0, 1, man),
        sample(0, 0, 0, man), sample(1, 0, 0, man), sample(0, 1, 1, ["gender": ""]),
        sample(nil, 0, 0, group: "r", ["race": "x"]),
      ])
    let tables = set.breakdowns()
    #expect(tables.map(\.name) == ["group", "age", "gender"])
    let gender = tables[2]
    #expect(gender.parts.map(\.name) == ["man", "woman"] && gender.parts.map(\.count) == [3, 2])
    #expect(gender.parts.map(\.primary.accuracy) == [2.0 / 3, 0.5])
    #expect(gender.parts.map(\.final.accuracy) == [1.0 / 3, 1])
    #expect(gender.unassigned == 1)
    #expect(gender.primary == Breakdown.Extremes(worst: "woman", best: "man", gap: 2.0 / 3 - 0.5))
    #expect(gender.final == Breakdown.Extremes(worst: "man", best: "woman", gap: 1 - 1.0 / 3))
    let group = tables[0]
    #expect(group.parts.map(\.name) == ["p", "q"] && group.unassigned == 4)
    #expect(group.primary == Breakdown.Extremes(worst: "q", best: "p", gap: 1))
    #expect(group.final == Breakdown.Extremes(worst: "p", best: "p", gap: 0))

    let large = try #require(set.breakdowns(minimumCount: 3).last)
    #expect(large.parts.count == 2 && large.final == Breakdown.Extremes(worst: "man", best: "man", gap: 0))
    #expect(set.breakdowns(minimumCount: 4).allSatisfy { $0.primary == nil && $0.final == nil })
  }

  @Test("nothing to tell without samples, groups or classes")
  func none() {
    #expect(EvaluatedSet(classes: ["a"], samples: []).breakdowns().isEmpty)
    #expect(EvaluatedSet(classes: ["a", "b"], samples: [sample(0, 0, 0)]).breakdowns().isEmpty)
    #expect(EvaluatedSet(classes: ["a", "b"], samples: [sample(nil, 0, 0, group: "p")]).breakdowns().isEmpty)
  }
}
