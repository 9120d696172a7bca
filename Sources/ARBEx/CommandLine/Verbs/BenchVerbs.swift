import Support
import FERCore
import FERTools
import FERTraining
import Foundation
import TensorKit

extension Verb {
  static let bench = Verb(
    "bench", "speed and memory of inference and of a training step, and where the time goes",
    arguments: [Argument("RECIPE", "a recipe file; its data and weight files are not needed")],
    flags: [batchFlag, threadsFlag, repetitionsFlag, .precision, againstFlag, turnsFlag, .json, .set]
  ) { call in
    var plan = try call.benchmarkPlan(repetitions: 5)
    plan.precision = try call.precision()
    let recipe = try call.recipe(at: call.words[0], needsWeights: false)
    let shared = [batchFlag, threadsFlag, repetitionsFlag, .precision, .set]
    if let code = try inTurns(["bench", recipe.path], shared, call) { return code }
    let result = try ModelBenchmark.run(recipe, plan)
    try call.output.print(call.has("--json") ? result.json : result.summary)
    return 0
  }

  static let benchOperations = Verb(
    "bench operations", "speed of each operation of the networks by itself, forward and backward",
    flags: [batchFlag, threadsFlag, repetitionsFlag, againstFlag, turnsFlag, .json]
  ) { call in
    let plan = try call.benchmarkPlan(repetitions: 9)
    let shared = [batchFlag, threadsFlag, repetitionsFlag]
    if let code = try inTurns(["bench", "operations"], shared, call) { return code }
    let result = OperationBenchmark.run(plan)
    try call.output.print(call.has("--json") ? result.json : result.summary)
    return 0
  }

  static let benchData = Verb(
    "bench data", "how many training images a second are read, augmented and made into batches",
    arguments: [Argument("RECIPE", "a recipe file whose data are there")],
    flags: [
      Flag(
        "--images", value: "N", "images in a run, spread over all of the training set; 512 where not given"),
      Flag("--threads", value: "T", "loading threads, measured beside one alone; all cores where not given"),
      repetitionsFlag, .json, .set,
    ]
  ) { call in
    let recipe = try call.recipe(at: call.words[0], needsWeights: false)
    let result = try LoaderBenchmark.run(
      recipe, images: try call.wholeNumber("--images", atLeast: 1, atMost: 1_000_000) ?? 512,
      threads: try call.wholeNumber("--threads", atLeast: 1, atMost: ThreadChoice.most),
      repetitions: try call.wholeNumber("--reps", atLeast: 1, atMost: 10_000) ?? 3)
    try call.output.print(call.has("--json") ? result.json : result.summary)
    return 0
  }

  static let benchStart = Verb(
    "bench start", "time from the start of a process to its first prediction, with weights on disk",
    arguments: [
      Argument("RUN-or-RECIPE", "the folder of a run; of a recipe, untrained weights are written first")
    ],
    flags: [
      Flag("--program", value: "FILE", "the arbex to start; this one where not given"), repetitionsFlag,
      .json, .set,
    ]
  ) { call in
    let word = call.words[0]
    let repetitions = try call.wholeNumber("--reps", atLeast: 1, atMost: 10_000) ?? 5
    guard RunFolder.isRun(word) else { return try benchStart(ofRecipe: word, repetitions, call) }
    let result = try StartBenchmark.run(
      try call.recipe(at: word + "/recipe.json5"), run: word,
      program: call.value("--program") ?? Program.path,
      arguments: call.values("--set").flatMap { ["--set", $0] }, environment: KernelChoice.startEnvironment,
      repetitions: repetitions)
    try call.output.print(call.has("--json") ? result.json : result.summary)
    return 0
  }

  /// Writes the run, and lets a fresh process measure it: this one has grown with the model, and a process that
  /// it starts would be said to be as large.
  private static func benchStart(ofRecipe path: String, _ repetitions: Int, _ call: Invocation) throws
    -> Int32
  {
    let folder = try TemporaryFolder("bench")
    let run = folder.path + "/run"
    try StartBenchmark.writeUntrainedRun(try call.recipe(at: path, needsWeights: false), to: run)
    let words =
      ["bench", "start", run, "--reps", "\(repetitions)"] + (call.has("--json") ? ["--json"] : [])
      + (call.value("--program").map { ["--program", $0] } ?? [])
    let child = try ChildProcess.run(
      Program.path, words, environment: KernelChoice.startEnvironment, in: folder.path)
    if !child.remarks.isEmpty { call.output.remark(String(child.remarks.dropLast())) }
    if !child.output.isEmpty { try call.output.print(String(child.output.dropLast())) }
    return child.code
  }

  static let benchScaling = Verb(
    "bench scaling", "a training step over processes: predicted, measured, and what more of them would do",
    arguments: [
      Argument("RECIPE", "a recipe file; where its training images are there, they are loaded, too")
    ],
    flags: [
      Flag("--batch", value: "N", "images in the batch of all processes; 16 where not given"), threadsFlag,
      repetitionsFlag,
      Flag(
        "--latency", value: "US", "microseconds of a message in the networks of the table; 25 where not given"
      ),
      .json, .set,
    ],
    notes: """
      Measures what a model of the step's time needs, predicts the step by it, and measures that, too: alone on one
      process, under mpirun --bind-to none -np 2 on two. Then it tells what the model says of 8, 64 and 1,024 processes,
      batches of 64, 512 and 4,096 and networks of 1, 10 and 100 Gbit/s. What messages cost is measured where there are
      several processes, all on one machine; alone it is assumed. Twice the rows of a process are measured, which take
      memory as a batch of twice the size does.
      """
  ) { call in
    try call.ranked { call, ranks in
      let plan = try call.benchmarkPlan(repetitions: 5)
      var scaling = ScalingBenchmark.Plan()
      (scaling.batch, scaling.threads, scaling.repetitions) = (plan.batch, plan.threads, plan.repetitions)
      if let latency = try call.wholeNumber("--latency", atLeast: 0, atMost: 1_000_000) {
        scaling.latency = 1e-6 * Double(latency)
      }
      let recipe = try call.recipe(at: call.words[0], needsWeights: false)
      let result = try ScalingBenchmark.run(recipe, scaling, on: ranks)
      try call.output.print(call.has("--json") ? result.json : result.summary)
      return 0
    }
  }

  static let benchCompare = Verb(
    "bench compare", "two benchmarks of the same work: the ratio of each figure, and how far it spreads",
    arguments: [
      Argument("A", "what `arbex bench ... --json` printed, into a file; with >>, a line for each turn"),
      Argument("B", "the same of another version, machine or number of threads"),
    ],
    flags: [.json],
    notes: """
      A ratio above 1 says that B is faster, or takes less memory. Turn t of B is held against turn t of A, and the
      middle, the least and the greatest of these ratios are told; of one turn each, the least and the greatest
      that their runs allow. "better" and "worse" stand where all of that lies on one side of 1. Files of another
      recipe, batch, size or precision are refused; another CPU, kind of loops or number of threads is told.
      To measure two programs in turns: arbex bench RECIPE --against PROGRAM.
      """
  ) { call in
    let files = try call.each(BenchmarkFile.init)
    try tell(BenchmarkComparison(files[0], files[1]), call)
    return 0
  }

  private static func tell(_ comparison: BenchmarkComparison, _ call: Invocation) throws {
    for note in comparison.notes { call.output.remark("note: \(note)") }
    try call.output.print(call.has("--json") ? comparison.json : comparison.text.trimmedEnd)
  }

  /// Measures the program of `--against`, A, and this one, B, each as processes of its own.
  /// - Parameter flags: those that both are given as they were given here.
  /// - Returns: the exit code; nil where `--against` was not given.
  private static func inTurns(_ words: [String], _ flags: [Flag], _ call: Invocation) throws -> Int32? {
    let count = try call.wholeNumber("--turns", atLeast: 1, atMost: 1000) ?? 3
    guard let other = call.value("--against") else {
      guard !call.has("--turns") else {
        throw UsageProblem("--turns needs --against, the program that takes turns with this one")
      }
      return nil
    }
    let given = flags.flatMap { flag in call.values(flag.name).map { "\(flag.name)=\($0)" } }
    let turns = BenchmarkTurns(
      before: other, after: Program.path, arguments: words + given + ["--json"],
      environment: KernelChoice.startEnvironment)
    let comparison = try turns.run(count) { turn in
      if !call.has("--json") { call.output.remark("turn \(turn) of \(count)") }
    }
    try tell(comparison, call)
    return 0
  }

  private static let againstFlag = Flag(
    "--against", value: "PROGRAM", "another arbex, measured in turns with this one: the ratios of both")
  private static let turnsFlag = Flag(
    "--turns", value: "N", "how often each of both is measured with --against; 3 where not given")
  private static let batchFlag = Flag("--batch", value: "N", "images in a batch; 16 where not given")
  private static let threadsFlag = Flag(
    "--threads", value: "T", "threads that compute; all cores where not given")
  private static let repetitionsFlag = Flag("--reps", value: "R", "timed runs, of which the median is told")
}

extension Invocation {
  fileprivate func benchmarkPlan(repetitions: Int) throws -> ModelBenchmark.Plan {
    var plan = ModelBenchmark.Plan()
    plan.batch = try wholeNumber("--batch", atLeast: 1, atMost: 65_536) ?? plan.batch
    plan.threads = try wholeNumber("--threads", atLeast: 1, atMost: ThreadChoice.most)
    plan.repetitions = try wholeNumber("--reps", atLeast: 1, atMost: 10_000) ?? repetitions
    return plan
  }
}

extension KernelChoice {
  /// The environment this process had before it started itself again, for processes that are timed from their
  /// first start.
  fileprivate static var startEnvironment: [String: String] {
    var environment = current.environment
    if environment.removeValue(forKey: guardVariable) != nil { environment[variable] = nil }
    return environment
  }
}
