import ARBEx
import FERCore
import Foundation
import NeuralKit
import Support
import TensorKit
import TestSupport
import Testing

/// Sizes that no memory holds, and numbers that no arithmetic holds: each is refused in a line.
@Suite("Sizes beyond all reason")
struct SizeTests {
  private static let recipe = ShippedRecipe.path("quickstart")

  @Test(
    "each is told at its key, with its number",
    arguments: [
      ("model.encoder.size=4294967296", "at most 65536, is 4294967296"),
      ("model.encoder.size=9223372036854775800", "at most 65536, is 9.223372e+18"),
      ("model.encoder.mlpRatio=9223372036854775807", "at most 1000, is 9.223372e+18"),
      ("model.encoder.depth=1000000000", "at most 1000, is 1000000000"),
      ("model.landmarks.width=1e19", "above 0 and at most 100, is 1e+19"),
      ("model.landmarks.points=4611686018427387904", "at most 65536, is 4611686018427387904"),
      ("model.landmarks.blocks=[9223372036854775807,1,1]", "at most 1000, is 9.223372e+18"),
      ("model.landmarks.view=9223372036854775807", nil),
      ("model.head.hidden=[9223372036854775807]", "at most 65536, is 9.223372e+18"),
      ("model.head.hidden=[4294967296,4294967296]", "at most 65536, is 4294967296"),
      ("model.corrections.anchor.perClass=9223372036854775807", "at most 1000000000, is 9.223372e+18"),
      ("model.corrections.attentive.keys=9223372036854775800", "at most 65536, is 9.223372e+18"),
      ("model.backbone.widths=[9223372036854775807,8,8,8]", "at most 65536, is 9.223372e+18"),
      ("model.backbone.units=[1000000000,1,1,1]", "at most 1000, is 1000000000"),
      ("input.size=9223372036854775807", "at most 2048, is 9.223372e+18"),
    ] as [(String, String?)])
  func refused(change: String, sentence: String?) {
    let answer = arbex("recipe", "check", Self.recipe, "--set", change)
    guard let sentence else {
      #expect(answer.code == 0, "\(answer.remarks)")
      return
    }
    let key = change.prefix { $0 != "=" }
    #expect(answer.code == 2)
    #expect(answer.remarks.hasPrefix("command line: \(key): must be "), "\(answer.remarks)")
    #expect(answer.remarks.contains("\(sentence)\n1 problem, nothing was built"), "\(answer.remarks)")
  }

  /// 1,000,000,000 anchors for each of 7 classes, of 96 numbers each, are 672,000,000,000 numbers of 4 bytes: 2,688 GB.
  @Test("a model that no memory holds is told with its size and what there is, before any of it is filled")
  func memory() {
    let change = "model.corrections.anchor.perClass=1000000000"
    for words in [["recipe", "check", Self.recipe], ["train", Self.recipe, "--out", "/nowhere/run"]] {
      let answer = Answer(words + ["--set", change])
      #expect(answer.code == 2)
      #expect(
        answer.remarks.contains(
          "model.corrections.anchor: has 672000000000 parameters; with them the model takes 2688.0 GB of memory, and "
        ),
        "\(answer.remarks)")
      #expect(answer.remarks.contains(" allows \(ByteCount.text(MemoryLimits.current.total))"))
    }
  }

  @Test("a list of more numbers than any model has is refused, whatever they are")
  func longList() {
    let sizes = Array(repeating: "8", count: 1001).joined(separator: ",")
    let answer = arbex("recipe", "check", Self.recipe, "--set", "model.head.hidden=[\(sizes)]")
    #expect(answer.code == 2)
    #expect(answer.remarks.contains("model.head.hidden: must have at most 1000 numbers, has 1001"))
  }

  /// Quickstart's model has 1,019,572 numbers that all are trained but for the statistics of batch norms; adamw keeps two
  /// more of each, and each has a gradient: at least 4 x 4 x 1,019,572 bytes, 16.3 MB.
  @Test("a sound recipe is told the memory that its training keeps")
  func told() throws {
    #expect(arbex("recipe", "check", Self.recipe).output.contains("\nmemory: 17 MB to train, beside "))
    let json = try arbex("recipe", "check", Self.recipe, "--json").json()
    let memory = try #require(json["memory"] as? [String: Int])
    #expect(try #require(memory["training"]) >= 16 * 1_019_572)
    #expect(try #require(memory["available"]) > 0)
  }

  @Test(
    "numbers on the command line have an end, too",
    arguments: [
      (["bench", recipe, "--batch", "99999999999"], "--batch takes at most 65536, was given 99999999999"),
      (["bench", recipe, "--batch", "99999999999999999999"], "--batch takes at most 65536, was given 9999"),
      (["bench", recipe, "--threads", "100000"], "--threads takes at most 256, was given 100000"),
      (["bench", recipe, "--reps", "9223372036854775807"], "--reps takes at most 10000, was given 9223"),
      (["train", recipe, "--max-steps", "9223372036854775807"], "--max-steps takes at most 1000000000"),
      (
        ["train", recipe, "--max-steps", "-1"],
        "--max-steps needs a whole number of at least 1, was given \"-1\""
      ),
    ])
  func flags(words: [String], sentence: String) {
    let answer = Answer(words)
    #expect(answer.code == 2)
    #expect(answer.remarks.contains(sentence), "\(answer.remarks)")
  }

  @Test("a wrong ARBEX_THREADS is a wrong request; too many threads are told and not used")
  func threads() {
    func run(_ word: String) -> (code: Int32, remarks: String) {
      nonisolated(unsafe) var remarks = ""
      let code = CommandLineTool.run(
        ["plugins", "list"], output: CommandOutput(print: { _ in }, remark: { remarks += $0 + "\n" }),
        environment: ["ARBEX_THREADS": word])
      return (code, remarks)
    }
    #expect(run("abc").code == 2 && run("abc").remarks.contains("ARBEX_THREADS: must be a whole number"))
    #expect(run("256").code == 0)
    #expect(
      Parallel.availableCores > 255
        || run("256").remarks.hasPrefix("ARBEX_THREADS=256: this process may use "))
    #expect(run("1") == (0, ""))
  }

  #if compiler(>=6.2)  // the first with exit tests
    /// In a process of its own: whatever traps there fails this test alone, and the last line names it.
    @Test(
      "no value of any numeric option of any component traps, hangs or takes long", .timeLimit(.minutes(5)))
    func everyOption() async throws {
      let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
        try SizeTests.tryOptions(seed: 1, count: 160)
      }
      let lines = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self).split(separator: "\n")
      #expect(lines.isEmpty, "\(lines.suffix(3))")
    }
  #endif

  /// Options of all components, drawn at random, at values at and beyond the ends of their types.
  private static func tryOptions(seed: UInt64, count: Int) throws {
    let registry = try Registry.builtins()
    var random = RandomSource(seed: seed, stream: "sizes")
    let options = registry.summaries.flatMap { summary in
      summary.options.filter { $0.kind.hasSuffix("number") }.map { (summary, $0) }
    }
    let values = [
      "-1", "0", "1", "3", "1000", "65536", "2147483648", "4294967296", "4611686018427387904",
      "9223372036854775807", "1e19", "1e-30", "1e38", "0.5",
    ]
    for _ in 0..<count {
      let (summary, option) = options[random.below(options.count)]
      let value = values[random.below(values.count)]
      let length = summary.defaults.members?[option.key].map { max(1, $0.elements?.count ?? 1) } ?? 1
      let text =
        option.kind.hasPrefix("list")
        ? "[\(Array(repeating: value, count: length).joined(separator: ","))]" : value
      guard let change = Self.change(summary, "\(option.key):\(text)") else { continue }
      let start = Clock.seconds
      _ = try? Recipe.load(path: recipe, overrides: [change], registry: registry)
      let limit = 10.0  // debug builds, on machines that do other things
      if Clock.seconds - start > limit { stop("\(change): took \(Clock.seconds - start) s") }
    }
  }

  /// What puts a component with an option into a recipe; nil where another component must come along.
  private static func change(_ summary: ComponentSummary, _ option: String) -> String? {
    let object = "{use:\"\(summary.name)\",\(option)}"
    switch summary.plural {
    case "backbones": return "model.backbone=\(object)"
    case "landmarks": return "model.landmarks=\(object)"
    case "encoders": return "model.encoder=\(object)"
    case "heads": return "model.head=\(object)"
    case "corrections": return "model.corrections.tried=\(object)"
    case "losses": return "losses.tried=\(object)"
    case "samplers": return "sampler=\(object)"
    case "augmentations": return "input.augment=[\(object)]"
    case "views": return "input.views=\(object)"
    case "datasets": return "data.train=\(object)"
    case "labels": return "labels=[\(object)]"
    case "optimizers": return "training.optimizer=\(object)"
    case "schedules": return "training.schedule=\(object)"
    default: return nil
    }
  }
}
