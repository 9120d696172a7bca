import ARBEx
import Foundation
import TestSupport
import Testing

@Suite("bench from the command line", .serialized)
struct BenchVerbTests {
  private static let recipes = ShippedRecipe.folder
  private static let quickstart = recipes + "/quickstart.json5"

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func number(_ key: String, in object: [String: Any]) throws -> Double {
    try #require(object[key] as? Double, "\(key)")
  }

  /// What a benchmark printed, held against itself by `bench compare`: every ratio is 1, and every range holds it.
  /// - Returns: how many figures were compared, and how many of them have a range.
  private func comparedWithItself(_ output: String) throws -> (lines: Int, ranges: Int) {
    let folder = TestFolder()
    let path = try folder.file(Array(output.utf8))
    let told = arbex("bench", "compare", path, path, "--json")
    let lines = try #require(try told.json()["lines"] as? [[String: Any]])
    let ranges = lines.filter { $0["ratio_min"] is Double }
    #expect(told.code == 0 && told.remarks.isEmpty && lines.allSatisfy { $0["ratio"] as? Double == 1 })
    for line in ranges {
      #expect(try number("ratio_min", in: line) <= 1 && number("ratio_max", in: line) >= 1, "\(line)")
    }
    return (lines.count, ranges.count)
  }

  /// The parameters are those of `recipe check`. Weight files are not read, and need not be there.
  @Test("a recipe's model: every number is there and sane")
  func model() throws {
    let told = arbex(
      "bench", Self.quickstart, "--batch", "2", "--threads", "1", "--reps", "1", "--json", "--set",
      "model.backbone.weights=nowhere.pth")
    #expect(told.code == 0 && told.remarks.isEmpty)
    let json = try object(told.output)
    #expect(json["batch"] as? Int == 2 && json["threads"] as? Int == 1)
    let keys = ["infer_ms_per_image", "train_ms_per_image", "matrix_product_peak_gflops", "peak_rss_mb"]
    for key in keys { #expect(try number(key, in: json) > 0, "\(key)") }
    #expect(try number("peak_rss_mb", in: json) >= number("infer_peak_rss_mb", in: json))
    for key in ["infer_ms_per_image", "train_ms_per_image"] {
      #expect(try number(key + "_min", in: json) == number(key, in: json), "one run")
    }
    #expect(json["version"] as? String == CommandLineTool.version && json["cpu"] is String)
    let check = try object(arbex("recipe", "check", Self.quickstart, "--json").output)
    let counts = try #require(check["parameters"] as? [String: Int])
    #expect(json["parameters"] as? Int == counts.values.reduce(0, +))
    var count = 0
    for part in ["inference", "training"] {
      let times = try #require(json[part] as? [String: Any])
      let total = try number("ms_per_image", in: times)
      for (list, expected) in [("components", "backbone"), ("operations", "linear")] {
        let lines = try #require(times[list] as? [[String: Any]])
        let sum = lines.compactMap { $0["ms_per_image"] as? Double }.reduce(0, +)
        #expect(abs(sum - total) < 1e-6 * total, "\(part) \(list) add up")
        #expect(lines.contains { $0[String(list.dropLast())] as? String == expected })
        count += lines.count
      }
    }
    // All lines of both tables, both times, both memories, which have no range.
    let compared = try comparedWithItself(told.output)
    #expect(compared.lines == count + 4 && compared.ranges == count + 2)
  }

  @Test("for people: tables of at most 110 columns")
  func tables() {
    let told = arbex("bench", Self.quickstart, "--batch", "2", "--reps", "1")
    #expect(told.code == 0)
    for word in ["inference", "training step", "corrections.anchor", "optimizer", "backward ms", "of peak"] {
      #expect(told.output.contains(word), "\(word)")
    }
    #expect(told.output.split(separator: "\n").allSatisfy { $0.count <= 110 })
  }

  @Test("each operation by itself, forward and backward")
  func operations() throws {
    let told = arbex("bench", "operations", "--batch", "1", "--reps", "2", "--json")
    let json = try told.json()
    let lines = try #require(json["operations"] as? [[String: Any]])
    let names = Set(lines.compactMap { $0["operation"] as? String })
    for name in [
      "convolution 3x3", "convolution 3x3 /2", "convolution 1x1", "depthwise 3x3", "linear", "GELU",
    ] {
      #expect(names.contains(name), "\(name)")
    }
    for line in lines {
      #expect(try number("forward_ms", in: line) > 0 && number("backward_ms", in: line) > 0)
      let isProduct =
        (line["operation"] as? String).map { $0.hasPrefix("conv") || $0.hasPrefix("attention") } ?? false
      #expect(
        (line["forward_gflops"] is Double)
          == (isProduct
            || ["linear", "depthwise 3x3", "depthwise 3x3 /2"]
              .contains(line["operation"] as? String ?? ""))
      )
    }
    #expect(try comparedWithItself(told.output) == (2 * lines.count, 2 * lines.count))
  }

  @Test("the loader alone")
  func data() throws {
    let told = arbex(
      "bench", "data", Self.quickstart, "--images", "20", "--threads", "2", "--reps", "1", "--json")
    let json = try object(told.output)
    #expect(told.code == 0 && json["images"] as? Int == 20 && json["threads"] as? Int == 2)
    #expect(
      try number("images_per_second_per_thread", in: json) > 0 && number("images_per_second", in: json) > 0)
    #expect(try comparedWithItself(told.output) == (3, 3))
  }

  /// Alone, of 8 images: their rows and what does not shrink with them, and what the loader takes of the cores.
  @Test("a step over processes: the prediction is made of the constants that are told")
  func scaling() throws {
    let told = arbex(
      "bench", "scaling", Self.quickstart, "--batch", "8", "--threads", "1", "--reps", "1", "--latency", "5",
      "--json")
    #expect(told.code == 0 && told.remarks.isEmpty)
    let json = try object(told.output)
    func number(_ key: String) throws -> Double { try self.number(key, in: json) }
    let cores = try number("cores"), compute = try number("fixed_ms") + 8 * number("row_ms")
    let loading = max(0, try 8 * number("loading_ms") - (cores - 1) * compute) / cores
    #expect(abs(try number("predicted_step_ms") - compute - loading) < 1e-6 * compute)
    #expect(try number("step_ms") > 0 && json["calls_ms"] as? Double == 0)
    #expect(json["ranks"] as? Int == 1 && json["messages_measured"] as? Bool == false)
    // The gradients, a million numbers, and more sums of few; without 1,024 ranks for 64 and 512 images.
    let sums = try #require(json["sums"] as? [Int])
    #expect(sums.contains { $0 > 900_000 } && sums.count > 3)
    #expect((json["table"] as? [Any])?.count == 3 * (2 + 2 + 3) && (json["limits"] as? [Any])?.count == 9)
    #expect(try comparedWithItself(told.output) == (1, 1))
    #expect(arbex("bench", "scaling", Self.quickstart, "--batch", "3").remarks.contains("at least 4 images"))
  }

  @Test("wrong requests end with 2")
  func wrong() {
    let absent = arbex(
      "bench", "data", Self.recipes + "/fer2013.json5", "--set", "data.train.root=/nowhere/faces")
    #expect(absent.code == 2 && absent.remarks.contains("/nowhere/faces") && absent.output.isEmpty)
    #expect(arbex("bench", Self.quickstart, "--bach", "2").remarks.contains("did you mean \"--batch\"?"))
    for told in [
      arbex("bench"), arbex("bench", "x", "--reps", "0"), arbex("bench", "data", "x", "--batch", "2"),
    ] {
      #expect(told.code == 2 && told.output.isEmpty, "\(told.remarks)")
    }
    #expect(arbex("bench", "start", "/nowhere/run").code == 2)
    let lone = arbex("bench", Self.quickstart, "--turns", "2")
    #expect(lone.code == 2 && lone.remarks.contains("--turns needs --against"))
    // The other program is asked first, and is given the same words.
    let failed = arbex(
      "bench", Self.quickstart, "--against", "/bin/false", "--reps", "1", "--set", "input.size=32", "--json")
    #expect(failed.code == 1 && failed.output.isEmpty)
    #expect(
      failed.remarks.hasPrefix(
        "/bin/false bench \(Self.quickstart) --reps=1 --set=input.size=32 --json ended with 1"))
    let missing = arbex("bench", "compare", Self.quickstart, "/nowhere/a.json")
    #expect(missing.code == 2 && missing.remarks.contains("quickstart.json5: is not what a benchmark prints"))
    let folder = arbex("bench", "compare", "/nowhere/a.json", Self.recipes)
    #expect(
      folder.code == 2 && folder.remarks.contains("/nowhere/a.json: cannot be read: there is no such file"))
  }

  /// The arbex that was built beside the tests, as a process of its own.
  @Test("from start to prediction, of a recipe and of a run", .enabled(if: Self.program != nil))
  func start() throws {
    let program = try #require(Self.program)
    let folder = try TemporaryFolder("bench-test")
    let environment = ProcessInfo.processInfo.environment
    let words = ["bench", "start", Self.quickstart, "--reps", "1", "--json"]
    let child = try ChildProcess.run(program, words, environment: environment, in: folder.path)
    #expect(child.code == 0 && child.remarks.isEmpty, "\(child.remarks)")
    let json = try object(child.output)
    for key in ["start_seconds", "first_seconds", "peak_rss_mb"] {
      #expect(try number(key, in: json) > 0, "\(key)")
    }
    #expect(try comparedWithItself(child.output) == (3, 1))
    // A million numbers of four bytes and the names.
    #expect(try (4...5).contains(number("weights_mb", in: json)))

    let recipe = try Recipe.load(path: Self.quickstart, registry: try Registry.builtins())
    try StartBenchmark.writeUntrainedRun(recipe, to: folder.path + "/run")
    let told = arbex("bench", "start", folder.path + "/run", "--reps", "1", "--program", program)
    #expect(told.code == 0 && told.output.contains("start to prediction"), "\(told.remarks)")
    let broken = arbex("bench", "start", folder.path + "/run", "--reps", "1", "--program", "/nowhere/arbex")
    #expect(broken.code == 2 && broken.remarks.contains("/nowhere/arbex"))
  }

  private static var program: String? { try? ProgramRun.path }
}
