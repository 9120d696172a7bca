import Foundation
import TestSupport
import Testing

@testable import FERTraining

@Suite("What a run's files tell of it")
struct RunFactsTests {
  @Test("the best epoch, how far it came, when, and from which recipe")
  func facts() throws {
    let workshop = try Workshop()
    #expect(try workshop.run("run", steps: 6) == .stoppedAtLimit(step: 6))
    let folder = try RunFolder.existing(workshop.path + "/run")
    let early = try RunFacts(of: folder)
    // Four steps are an epoch; the only one that has ended is the best so far.
    #expect(early.steps == 6 && early.epochs == 1 && early.bestEpoch == 1)
    #expect(early.recipeFile == nil && early.changes == nil)
    #expect(try folder.remarks.isEmpty)

    let origin = #"{"recipe": "mine.json5", "changes": ["seed: was 1, is 3"], "cores": 2}"#
    try origin.write(toFile: folder.file("environment.json"), atomically: true, encoding: .utf8)
    #expect(try workshop.run("run") == .finished)
    let late = try RunFacts(of: folder)
    #expect(late.steps == 8 && late.epochs == 2 && [1, 2].contains(late.bestEpoch))
    #expect(late.recipeFile == "mine.json5" && late.changes == ["seed: was 1, is 3"])
    let (begin, end) = (try #require(late.begin), try #require(late.end))
    #expect(begin == early.begin && end > begin && end <= Date().timeIntervalSince1970)
  }

  @Test("files that are missing or torn tell nothing")
  func torn() throws {
    let folder = TestFolder()
    try "{}".write(to: folder.url("recipe.json5"), atomically: true, encoding: .utf8)
    for name in ["environment.json", "timings.jsonl", "remarks.json"] {
      let run = try RunFolder.existing(folder.path)
      let facts = try RunFacts(of: run)
      #expect(facts.recipeFile == nil && facts.begin == nil && facts.end == nil && facts.bestEpoch == nil)
      #expect(try run.remarks.isEmpty)
      try "{\"recipe\": ".write(to: folder.url(name), atomically: true, encoding: .utf8)
    }
  }
}
