import FERCore
import FERData
import Foundation
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

/// Weighs each row by how often its sample has been seen, after it moved every label on by one before training.
final class Seen: LabelPolicy {
  struct Options: ComponentOptions {
    @Option("What is wrong with the answers.") var fault = ""
  }
  private let options: Options
  private var counts: [Int: Double] = [:]

  init(_ options: Options) { self.options = options }

  func begin(_ samples: inout [Sample], in setting: TrainingSetting) {
    for index in samples.indices { samples[index].label = (samples[index].label + 1) % setting.classes.count }
    if options.fault == "begin" { samples[2].label = 7 }
    if options.fault == "shares" { samples[2].distribution = [1, 0.5, -0.5] }
  }

  func targets(_ given: Targets, for batch: Batch) -> Targets {
    var answer = given
    answer.weights = batch.indices.map { 1 + Float(counts[$0] ?? 0) }
    if options.fault == "weights" { answer.weights?.removeLast() }
    if options.fault == "labels" { answer.relabel(row: 0, as: 9) }
    if options.fault == "rows" { answer.distribution = .ones([batch.indices.count, 3]) }
    return answer
  }

  func observe(_ outcome: Outcome, _ targets: Targets, _ indices: [Int], epoch: Int) {
    #expect(outcome.final.shape[0] == indices.count && targets.labels.count == indices.count)
    for index in indices { counts[index, default: 0] += 1 + Double(epoch) }
  }

  var state: ComponentState {
    get {
      ComponentState([
        "index": counts.keys.sorted().map(Double.init),
        "count": options.fault == "state" ? [.nan] : counts.sorted { $0.key < $1.key }.map(\.value),
      ])
    }
    set {
      counts = Dictionary(
        uniqueKeysWithValues: zip(newValue.numbers["index"] ?? [], newValue.numbers["count"] ?? []).map {
          (Int($0), $1)
        })
    }
  }

  func remarks(on samples: [Sample], classes: [String]) -> [Table] {
    [
      Table(
        "Samples seen", columns: ["image", "class", "count"],
        rows: counts.keys.sorted().map { [samples[$0].id, classes[samples[$0].label], "\(counts[$0] ?? 0)"] })
    ]
  }
}

enum SeenPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.labelPolicies.register("seen", Seen.self)
    try registry.corrections.register("narrow", Narrow.self)
    try registry.register(Metric("images", better: .lower) { Double($0.samples.count) })
  }
}

/// Proposes two classes, however many there are.
final class Narrow: CorrectionTerm {
  typealias Options = NoOptions
  init(_ options: NoOptions, in context: inout BuildContext) {}
  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    Correction(distribution: prediction.distribution.sliced(along: 1, from: 0, count: 2))
  }
}

@Suite("Label policies", .serialized)
struct LabelPolicyTests {
  @Test(
    "what a policy has learned is in the checkpoint: stopped and resumed, the same bits", arguments: [1, 2])
  func resume(pieces: Int) throws {
    let changes = ["labels=[{use:'seen'}]", "training.accumulate=\(pieces)"]
    let whole = try Workshop(changes, plugins: [SeenPlugin.self])
    #expect(try whole.run("run") == .finished)
    let parts = try Workshop(changes, plugins: [SeenPlugin.self])
    #expect(try parts.run("run", steps: 3) == .stoppedAtLimit(step: 3))
    #expect(try parts.run("run", steps: 6) == .stoppedAtLimit(step: 6))
    #expect(try parts.run("run") == .finished)
    #expect(whole.results("run") == parts.results("run"))
    // Four batches of 5 of the 21 in each of two epochs; the second counts twice.
    let table = try #require(whole.bytes("run/samples-seen.csv")).split(separator: 10).map {
      String(decoding: $0, as: UTF8.self)
    }
    #expect(table[0] == "image,class,count\r" && table.count > 20)
    let sum = table.dropFirst().reduce(0.0) {
      $0 + (Double($1.dropLast().split(separator: ",").last ?? "") ?? 0)
    }
    #expect(sum == 20 + 2 * 20)
    #expect(table.contains { $0.hasPrefix("face 0,<b>green</b>,") }, "label 0 was moved on by one")
  }

  @Test(
    "a policy whose answer cannot be used is named, before anything is changed",
    arguments: [
      ("begin", "changes face 2: label 7 is not in 0...2"),
      (
        "shares",
        "changes face 2: its distribution has 3 shares for 3 classes that sum to 1.0; each must be at"
      ),
      ("rows", "answers for row 0: its distribution has 3 shares for 3 classes that sum to 3.0"),
      ("state", "holds a number in its state \"count\" that is not finite"),
      ("weights", "answers 4 weights for 5 rows"),
      ("labels", "answers the label 9, which is not in 0...2"),
    ])
  func faults(fault: String, sentence: String) throws {
    let workshop = try Workshop(["labels=[{use:'seen',fault:'\(fault)'}]"], plugins: [SeenPlugin.self])
    let problem = try #require(throws: RunProblem.self) { try workshop.run("run") }
    #expect(problem.description.contains("label policy \"seen\": ") && problem.description.contains(sentence))
  }

  @Test("two policies of one kind leave two tables")
  func twice() throws {
    let workshop = try Workshop(["labels=[{use:'seen'},{use:'seen'}]"], plugins: [SeenPlugin.self])
    #expect(try workshop.run("run") == .finished)
    #expect(workshop.bytes("run/samples-seen.csv") != nil && workshop.bytes("run/samples-seen-2.csv") != nil)
    // They are kept for reports that are made later.
    let kept = try RunFolder.existing(workshop.path + "/run").remarks
    #expect(kept.map(\.title) == ["Samples seen", "Samples seen 2"])
    #expect(Data(kept[0].csv.utf8) == workshop.bytes("run/samples-seen.csv"))
  }

  @Test(
    "pieces of a step have the gradients of the whole, to the last bit where they are a power of 2 of shards")
  func pieces() throws {
    // A frozen backbone runs on stored statistics; dropout draws by a row's place.
    func weights(_ pieces: Int, shards: Int = 4) throws -> [Float] {
      let workshop = try Workshop([
        "model.backbone.frozen=true", "training.accumulate=\(pieces)", "training.shards=\(shards)",
      ])
      let recipe = workshop.recipe
      let model = try recipe.buildModel()
      let step = TrainingStep(
        model: model, optimizer: try recipe.makeOptimizer(), schedule: try recipe.makeSchedule(),
        average: nil,
        options: recipe.training, seed: 3)
      let source = TinyImages(count: 9)
      let batch = try #require(
        try source.stream(BatchRequest(order: Array(0..<9), batchSize: 9, epoch: 0)).next())
      let targets = Targets(labels: [0, 1, 2, 0, 1, 2, 0, 1, 2], weights: [1, 2, 0, 1, 3, 1, 0.5, 1, 2])
      let result = try step(
        .init(
          batch, targets, ids: [], step: 4, at: TrainingProgress(position: 1, epochs: 2), isThorough: true))
      #expect(result.outcome.final.shape == [9, 3])
      return model.store.trainable.flatMap(\.value.values) + [Float(result.loss)]
    }
    let whole = try weights(1)
    for (pieces, shards) in [(2, 4), (4, 4), (3, 6), (9, 9)] {
      let found = try weights(pieces, shards: shards)
      #expect(zip(found, whole).allSatisfy { abs($0 - $1) < 1e-5 }, "\(pieces) pieces of \(shards) shards")
      #expect(found == whole || shards != 4 || !BLASInfo.hasOwnProduct, "\(pieces) pieces")
    }
  }

  @Test("a correction of the wrong shape is named, with both shapes")
  func wrongShape() throws {
    let workshop = try Workshop(["model.corrections.narrow={}"], plugins: [SeenPlugin.self])
    let fault = try #require(throws: ComponentFault.self) { try workshop.run("run") }
    #expect(
      fault.description == "correction term \"narrow\": its distribution has shape [5, 2], expected [5, 3]")
  }

  @Test("a registered metric chooses the best checkpoint and stands in the metrics")
  func metric() throws {
    let workshop = try Workshop(["training.best='images'"], plugins: [SeenPlugin.self])
    #expect(try workshop.run("run") == .finished)
    let lines = String(decoding: try #require(workshop.bytes("run/metrics.jsonl")), as: UTF8.self)
    #expect(lines.contains(#""metrics": {"images": 9.0}"#))
  }
}

@Suite("A teacher", .serialized)
struct TeacherTests {
  @Test("a run's model predicts as a teacher, its classes met by name")
  func teacher() throws {
    let workshop = try Workshop()
    #expect(try workshop.run("run") == .finished)
    let images = try #require(
      try TinyImages(count: 4).stream(BatchRequest(order: [0, 1, 2, 3], batchSize: 4)).next()
    ).images
    let own = try TrainedModel(workshop.recipe, weights: TrainedModel.weights(ofRun: workshop.path + "/run"))
    let expected = try own.model(images, .evaluation).final
    let same = try TeacherModel(workshop.path + "/run", for: workshop.recipe)
    #expect(try same.distribution(of: images).values == expected.values)
    #expect(same.fingerprint.count == 64)
    let turned = try Workshop(["classes=['=blue','red','<b>green</b>']"])
    let found = try TeacherModel(workshop.path + "/run", for: turned.recipe).distribution(of: images).values
    for row in 0..<4 {
      #expect([1, 2, 0].map { found[row * 3 + $0] } == Array(expected.values[row * 3..<row * 3 + 3]))
    }
    // Values 0...1 as imagenet makes them, against numbers of one's own: what reaches the teacher is the same.
    let plain = try Workshop(["input.normalize={mean:[0,0,0],deviation:[1,1,1]}"])
    let pixels = images * Tensor([3], [0.229, 0.224, 0.225]) + Tensor([3], [0.485, 0.456, 0.406])
    expectClose(
      try TeacherModel(workshop.path + "/run", for: plain.recipe).distribution(of: pixels), expected,
      absolute: 1e-5)
  }

  @Test(
    "what cannot see this recipe's images is refused by name",
    arguments: [
      ("input.size=16", "sees images of 8 pixels a side, this recipe makes them of 16"),
      ("classes=['red','<b>green</b>','yellow']", "knows the classes red, <b>green</b>, =blue"),
    ])
  func refused(change: String, sentence: String) throws {
    let workshop = try Workshop()
    #expect(try workshop.run("run", steps: 1) == .stoppedAtLimit(step: 1))
    let other = try Workshop([change])
    let problem = try #require(throws: RunProblem.self) {
      try TeacherModel(workshop.path + "/run", for: other.recipe)
    }
    #expect(problem.isRequest && problem.description.contains(sentence), "\(problem)")
  }

  @Test("a recipe and a file of weights are a teacher too")
  func recipeWithWeights() throws {
    let workshop = try Workshop()
    #expect(try workshop.run("run") == .finished)
    let images = uniformImages("x", count: 2, side: 8)
    let weights = try TrainedModel.weights(ofRun: workshop.path + "/run")
    let expected = try TeacherModel(workshop.path + "/run", for: workshop.recipe)
    let found = try TeacherModel(
      workshop.path + "/tiny.json5", weights: weights, for: workshop.recipe)
    #expect(try found.distribution(of: images).values == expected.distribution(of: images).values)
    #expect(found.fingerprint == expected.fingerprint)
    // Other weights of a run than its best.
    let last = try TeacherModel(
      workshop.path + "/run", weights: workshop.path + "/run/checkpoints/last.safetensors",
      for: workshop.recipe)
    #expect(last.fingerprint != expected.fingerprint)
  }

  @Test(
    "what is no teacher is named",
    arguments: [
      ("/tiny.json5", "a recipe alone has no trained weights"),
      ("/run/checkpoints/best.safetensors", "holds weights alone; name the recipe of their model"),
      ("/run/checkpoints", "is not a run folder"), ("/nothing.json5", "does not exist"),
    ])
  func noTeacher(_ path: String, _ sentence: String) throws {
    let workshop = try Workshop()
    #expect(try workshop.run("run") == .finished)
    let problem = try #require(throws: (any Error).self) {
      try TeacherModel(workshop.path + path, for: workshop.recipe)
    }
    #expect("\(problem)".contains(sentence), "\(problem)")
  }
}
