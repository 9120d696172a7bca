import FERCore
import FERData
import FERTools
import Foundation
import NeuralKit
import Support
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

@Suite("Processes that train together")
struct RankTests {
  @Test("whose fact is the odd one: what most have counts, and where as many have another, the first rank's")
  func odd() {
    #expect(SharedFact.odd(in: ["a", "a", "a"]) == [])
    #expect(SharedFact.odd(in: ["a", "b", "b"]) == [0])
    #expect(SharedFact.odd(in: ["a", "b"]) == [1])
    #expect(SharedFact.odd(in: ["a", "b", "c", "b"]) == [0, 2])
  }

  @Test("a rank with another fact is named, with its machine, what differs and what to do, on every rank")
  func disagreement() throws {
    let host = ProcessInfo.processInfo.hostName
    let said = try ThreadRanks.run(3) { ranks in
      let batch = ranks.rank == 1 ? "training.batch = 16" : "training.batch = 8"
      let facts = [
        SharedFact(name: "program", lines: ["one"], advice: "install it"),
        SharedFact(name: "recipe", lines: ["seed = 1", batch], advice: "let all read the same"),
      ]
      let problem = #expect(throws: RunProblem.self) { try SharedFact.require(facts, on: ranks) }
      #expect(problem?.isRequest == true)
      return problem?.description ?? ""
    }
    let expected = """
      rank 1 on \(host): its recipe is another one than that of rank 0 on \(host); let all read the same
        here:  training.batch = 16
        there: training.batch = 8
      """
    #expect(said == Array(repeating: expected, count: 3))
    _ = try ThreadRanks.run(2) {
      try SharedFact.require([SharedFact(name: "", lines: ["a"], advice: "")], on: $0)
    }
  }

  @Test("a line more than others have is told")
  func lengths() {
    let fact = SharedFact(name: "data", lines: [], advice: "copy it")
    #expect(
      fact.sentence(("one", ["a"]), against: ("two", ["a", "b"])).hasSuffix("here:  nothing more\n  there: b")
    )
  }

  @Test("other images, and other files behind the same names, are found")
  func data() throws {
    let workshop = try Workshop()
    let facts = [TinyImages(count: 9), TinyImages(count: 10)].map {
      SharedFact.ofData(workshop.recipe, train: $0, validation: nil, labels: "").lines[0]
    }
    #expect(facts[0] != facts[1] && facts[0].hasPrefix("train: 9 files"))
    let folder = TestFolder()
    let text = { (bytes: [UInt8]) in
      let path = try folder.file(bytes)
      return SharedFact.ofData(workshop.recipe, train: OneFile(path: path), validation: nil, labels: "").lines
    }
    let (before, after) = (try text([1, 2]), try text([1, 3]))
    #expect(before[0] == after[0] && before != after)
    #expect(
      SharedFact.ofData(workshop.recipe, train: TinyImages(count: 1), validation: nil, labels: "x").lines
        .last?
        .contains("\"sha256\": \"x\"") == true)
  }

  @Test("a signal on any rank is one on all")
  func signals() throws {
    #expect(
      try ThreadRanks.run(3) { try $0.agreed($0.rank == 2 ? SIGUSR1 : nil) } == [SIGUSR1, SIGUSR1, SIGUSR1])
    #expect(try ThreadRanks.run(2) { try $0.agreed(nil) } == [nil, nil])
    #expect(try SingleProcess().agreed(SIGTERM) == SIGTERM)
  }

  @Test("words and lists of all; what one has decided", arguments: 1...3)
  func values(size: Int) throws {
    let found = try ThreadRanks.run(size) { ranks in
      let own = Array(["", "grün", "x"].prefix(ranks.rank))
      let word = try ranks.decided { "rank \(ranks.rank)" }
      let bytes = try ranks.gathered(bytes: Array(repeating: 7, count: ranks.rank + 3))
      return (try ranks.gathered(values: own), word, bytes.map(\.count))
    }
    for (lists, word, counts) in found {
      #expect(lists == (0..<size).map { Array(["", "grün", "x"].prefix($0)) })
      #expect(word == "rank 0" && counts == (0..<size).map { $0 + 3 })
    }
  }

  @Test("an evaluation shared by ranks is that of one process, bit by bit", arguments: [2, 3, 5])
  func evaluation(size: Int) throws {
    let workshop = try Workshop()
    nonisolated(unsafe) let recipe = workshop.recipe
    @Sendable func evaluate(_ ranks: any Collective) throws -> Evaluation {
      let model = try recipe.buildModel(loadingWeights: false) { _ in }
      return try Evaluator(model, batchSize: 4, metrics: recipe.registry.metrics)
        .evaluate(TinyImages(count: 14), on: ranks, keepsEmbeddings: true)
    }
    let alone = try evaluate(SingleProcess())
    #expect(alone.set.samples.count == 14)
    // Four batches for five ranks: one of them has none.
    for found in try ThreadRanks.run(size, { try evaluate($0) }) {
      #expect(found.set.samples == alone.set.samples && found.set.termNames == alone.set.termNames)
      #expect(found.loss?.bitPattern == alone.loss?.bitPattern && found.json == alone.json)
      #expect(found.embeddings?.shape == alone.embeddings?.shape)
      #expect(found.embeddings?.values == alone.embeddings?.values)
    }
  }

  @Test("one of two ranks writes the run, which is that of one process; the other leaves nothing")
  func writing() throws {
    let workshop = try Workshop("training.epochs=1")
    try workshop.run("alone")
    nonisolated(unsafe) let recipe = workshop.recipe
    let path = workshop.path
    let ends = try ThreadRanks.run(2) { ranks in
      let session = TrainingSession(
        recipe, in: ranks.rank == 0 ? path + "/shared" : path + "/nothing", console: Console(descriptor: -1),
        report: Report.write, ranks: ranks)
      #expect(try session.plan(resuming: false) == nil)
      return try session.start(train: TinyImages(count: 21), validation: TinyImages(count: 9))
    }
    #expect(ends == [.finished, .finished])
    #expect(!FileSystem.exists(path + "/nothing"))
    let (alone, shared) = (workshop.results("alone"), workshop.results("shared"))
    for (name, bytes) in alone { #expect(bytes == shared[name], "\(name)") }
  }

  @Test("other weights on one rank are refused before anything is written")
  func weights() throws {
    let (workshop, other) = (try Workshop(), try Workshop("seed=4"))
    nonisolated(unsafe) let recipes = [workshop.recipe, other.recipe]
    let path = workshop.path
    #expect {
      try ThreadRanks.run(2) { ranks in
        _ = try Trainer(
          recipes[ranks.rank], train: TinyImages(count: 9), validation: nil, in: .ofAnother(path + "/run"),
          console: Console(descriptor: -1), report: { _ in }, ranks: ranks)
      }
    } throws: {
      let text = "\($0)"
      return text.hasPrefix("rank 1 on ") && text.contains("its start is another one")
        && text.contains("here:  SHA-256 of weights and moments")
    }
    #expect(!FileSystem.exists(path + "/run"))
  }

  @Test("rows of the whole batch, for label policies")
  func wholeBatch() throws {
    let found = try ThreadRanks.run(2) { ranks in
      let rows = ranks.rank == 0 ? 0..<2 : 2..<5
      let numbers = { (width: Int) in
        Tensor([rows.count, width], rows.flatMap { row in (0..<width).map { Float(10 * row + $0) } })
      }
      let outcome = Outcome(
        embedding: numbers(4), logits: numbers(3), primary: numbers(3),
        terms: [.init(name: "a", distribution: numbers(3))],
        final: numbers(3),
        evidence: [EvidenceKey("x", .sample): numbers(1), EvidenceKey("y", .shared): Tensor([1], [7])])
      // Only the second rank has weights and shares.
      let targets = Targets(
        labels: rows.map { $0 % 3 }, distribution: ranks.rank == 0 ? nil : numbers(3),
        weights: ranks.rank == 0 ? nil : rows.map { Float($0) })
      let batch = Batch(
        number: 0, images: .zeros([rows.count, 1, 1, 3]), indices: Array(rows), firstRow: rows.lowerBound,
        of: Array(0..<5))
      let whole = WholeBatch(batch, of: BatchPart(of: ranks, shards: 4))
      return (try whole.outcome(outcome), try whole.targets(targets, classCount: 3))
    }
    for (outcome, targets) in found {
      #expect(outcome.embedding.values == (0..<5).flatMap { row in (0..<4).map { Float(10 * row + $0) } })
      #expect(outcome.terms[0].distribution.shape == [5, 3] && outcome.final.values == outcome.logits.values)
      #expect(outcome.evidence[EvidenceKey("x", .sample)]?.values == [0, 10, 20, 30, 40])
      #expect(outcome.evidence[EvidenceKey("y", .shared)]?.values == [7])
      #expect(targets.labels == [0, 1, 2, 0, 1] && targets.weights == [1, 1, 2, 3, 4])
      #expect(targets.distribution?.values.prefix(7) == [1, 0, 0, 0, 1, 0, 20])
    }
  }
}

/// A set of one image, which lies in a file.
private struct OneFile: BatchSource {
  let path: String
  let samples = [Sample(id: "face", label: 0)]

  func stream(_ request: BatchRequest) -> any BatchStream { TinyImages(count: 1).stream(request) }
  func file(at index: Int) -> String { path }
}
