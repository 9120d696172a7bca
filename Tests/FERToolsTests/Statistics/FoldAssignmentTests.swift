import FERCore
import FERTraining
import TestSupport
import Testing

@testable import FERTools

@Suite("Samples dealt into folds")
struct FoldAssignmentTests {
  private func samples(_ labels: [Int], groups: (Int) -> String = { _ in "" }) -> [Sample] {
    labels.indices.map { Sample(id: "face \($0)", label: labels[$0], group: groups($0)) }
  }

  private func counts(_ found: FoldAssignment, _ samples: [Sample], classCount: Int) -> [[Int]] {
    (0..<found.count).map { fold in
      samples.byClass(found.places(in: fold), classCount: classCount).map(\.count)
    }
  }

  @Test(
    "every sample in one fold; without groups no class and no whole differs by more than one",
    arguments: 2...7)
  func even(count: Int) throws {
    let samples = samples(seededClasses("folds", 101, classCount: 3))
    let found = try FoldAssignment(samples, count: count, classCount: 3, seed: 1)
    let parts = (0..<count).map(found.places(in:))
    #expect(parts.flatMap { $0 }.sorted() == Array(0..<101))
    for fold in 0..<count {
      #expect(found.places(outside: fold) == (0..<101).filter { !parts[fold].contains($0) })
    }
    let classes = counts(found, samples, classCount: 3)
    for label in 0..<3 {
      let each = classes.map { $0[label] }
      #expect((each.max() ?? 0) - (each.min() ?? 0) <= 1, "\(each)")
    }
    let sizes = parts.map(\.count)
    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1, "\(sizes)")
  }

  /// Twelve persons of six images, of two classes in turn; thirty images of nobody known.
  @Test("who belongs together lies in one fold, and classes are still even")
  func groups() throws {
    let samples = samples((0..<102).map { $0 % 2 }) { $0 < 72 ? "person \($0 / 6)" : "" }
    let found = try FoldAssignment(samples, count: 4, classCount: 2, seed: 3)
    for person in 0..<12 { #expect(Set(found.folds[person * 6..<person * 6 + 6]).count == 1) }
    // Three persons, 18 images, each; 30 others are 7 or 8 each.
    for fold in counts(found, samples, classCount: 2) {
      #expect(fold.allSatisfy { (12...13).contains($0) }, "\(fold)")
    }
  }

  @Test("a person with half of all images fills a fold, and the others are left to the rest")
  func uneven() throws {
    let samples = samples((0..<40).map { $0 % 2 }) { $0 < 20 ? "one" : "other \($0 / 2)" }
    let found = try FoldAssignment(samples, count: 3, classCount: 2, seed: 1)
    #expect((0..<3).map { found.places(in: $0).count }.sorted() == [10, 10, 20])
  }

  @Test("the same seed deals alike, another otherwise; too few to deal is told")
  func seeds() throws {
    let samples = samples((0..<60).map { $0 % 3 })
    let make = { (seed: UInt64) in try FoldAssignment(samples, count: 3, classCount: 3, seed: seed).folds }
    #expect(try make(1) == make(1))
    #expect(try make(1) != make(2))
    let few = self.samples([0, 1, 0, 1]) { _ in "one" }
    #expect(
      throws: RunProblem.request(
        "2 folds need at least 2 groups (persons, videos) and images without one; there are 1")
    ) {
      try FoldAssignment(few, count: 2, classCount: 2, seed: 1)
    }
    #expect(throws: RunProblem.request("5 folds need at least 5 images; there are 4")) {
      try FoldAssignment(self.samples([0, 1, 0, 1]), count: 5, classCount: 2, seed: 1)
    }
    #expect(throws: RunProblem.self) { try FoldAssignment(samples, count: 1, classCount: 3, seed: 1) }
  }
}
