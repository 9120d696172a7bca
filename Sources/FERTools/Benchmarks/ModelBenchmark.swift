import FERTraining
import FERCore
import NeuralKit
import TensorKit
import Support

/// How fast a recipe's model is, on images of random numbers: no data and no weight files are read.
package struct ModelBenchmark: Sendable {
  /// How to measure.
  package struct Plan: Sendable {
    /// Images in a batch.
    package var batch = 16
    /// Threads that compute; nil for as many as there are.
    package var threads: Int?
    /// Timed runs, of which the median is told.
    package var repetitions = 5
    /// Of inference; training is in 32-bit floats. Must be there.
    package var precision = Precision.float32

    /// Measures as the command does where no flag is given.
    package init() {}
  }

  /// The recipe's name.
  package let name: String
  /// The digest of what it says about the work.
  package let digest: String
  /// Side of the images, in pixels.
  package let size: Int
  /// Images in a batch.
  package let batch: Int
  /// Threads that computed.
  package let threads: Int
  /// Timed runs.
  package let repetitions: Int
  /// Milliseconds of a prediction.
  package let inference: Spread
  /// Milliseconds of a training step: forward, backward, optimiser.
  package let training: Spread
  /// Largest memory of the process after inference, in megabytes; nil where the system does not tell.
  package let inferenceMemory: Int?
  /// The same after training.
  package let trainingMemory: Int?
  /// Learned numbers, frozen ones among them.
  package let parameters: Int
  /// Those that training changes.
  package let trainable: Int
  /// Multiply-adds of a prediction.
  package let work: Double
  /// What the machine's best matrix product reaches, in GFLOP/s.
  package let peak: Double
  /// Inference in 32-bit floats, measured in turns with the other precision, and how predictions differ; nil where it is
  /// the only one.
  package let comparison: PrecisionBenchmark?
  /// Where the time of a prediction goes.
  package let inferenceTimes: TimeTable
  /// Where the time of a training step goes.
  package let trainingTimes: TimeTable

  /// Measures inference first, then training, so that the memory of both can be told.
  /// - Throws: what building the model throws, or ``RunProblem`` where the loss is not finite.
  package static func run(_ recipe: Recipe, _ plan: Plan = Plan()) throws -> ModelBenchmark {
    try Timing.withThreads(plan.threads) { try ModelBenchmark(recipe, plan) }
  }

  private init(_ recipe: Recipe, _ plan: Plan) throws {
    (name, digest, size) = (recipe.name, recipe.workDigest, recipe.input.size)
    (batch, threads, repetitions) = (plan.batch, Parallel.threadCount, plan.repetitions)
    let model = try recipe.buildModel(loadingWeights: false)
    parameters = model.store.all.filter(\.isLearned).reduce(0) { $0 + $1.count }
    trainable = model.store.trainable.reduce(0) { $0 + $1.count }

    var random = RandomSource(seed: 1, stream: "benchmark")
    let views = recipe.views?.plan.count ?? 1
    let images = Tensor.random([batch * views, size, size, 3], &random)
    let peakBefore = MatrixPeak.gigaflops()
    let perImage = 1000 / Double(batch)
    let profiled = min(3, repetitions)
    let pass = ForwardPass.evaluation(in: plan.precision)
    for _ in 0..<2 { _ = try model(images, pass) }
    inferenceMemory = Environment.peakMemory
    if plan.precision == .float32 {
      comparison = nil
      inference = Spread(
        try Timing.seconds(repetitions, warmups: 0) { _ = try model(images, pass) }, times: perImage)
    } else {
      let both = try PrecisionBenchmark(plan.precision, model, images, repetitions: repetitions)
      (comparison, inference) = (both, both.milliseconds)
    }
    let predictions = try Timing.profiles(profiled) { _ = try model(images, pass) }
    self.work = Double(predictions[0].rows.reduce(0) { $0 + $1.work }) / Double(batch)
    inferenceTimes = TimeTable(predictions, images: batch)

    let labels = (0..<batch).map { $0 % recipe.classes.count }
    let step = TrainingStep(
      model: model, optimizer: try recipe.makeOptimizer(), schedule: StandingStill(NoOptions()),
      average: recipe.training.ema > 0 ? WeightAverage(decay: Double(recipe.training.ema)) : nil,
      options: recipe.training, seed: recipe.seed)
    let start = TrainingProgress(position: 0, epochs: max(1, recipe.training.epochs))
    let work = TrainingStep.Work(
      Batch(number: 0, images: images, indices: Array(0..<batch)), Targets(labels: labels),
      ids: labels.map { "random \($0)" }, step: 0, at: start)
    let train = { _ = try step(work) }
    training = Spread(try Timing.seconds(repetitions, train), times: perImage)
    trainingTimes = TimeTable(try Timing.profiles(profiled, train), images: batch)
    trainingMemory = Environment.peakMemory
    peak = max(peakBefore, MatrixPeak.gigaflops())
  }
}

/// A learning rate of 0: the weights stay, so every step does the same work and none diverges.
struct StandingStill: Schedule {
  typealias Options = NoOptions
  let warmup = 0.0
  init(_ options: NoOptions) {}
  func factor(at position: Double, of epochs: Double) -> Double { 0 }
}

extension ModelBenchmark {
  /// For people.
  package var summary: String {
    let megabytes = { (memory: Int?) in memory.map { "\($0) MB" } ?? "unknown" }
    let millions = { (count: Int) in (Double(count) / 1e6).rounded(places: 2) + " million" }
    let facts = [
      [
        "inference", "\(inference.median.rounded(places: 2)) ms per image",
        megabytes(inferenceMemory) + " of memory",
      ],
      [
        "training step", "\(training.median.rounded(places: 2)) ms per image",
        megabytes(trainingMemory) + " of memory",
      ],
      ["parameters", millions(parameters), "\(millions(trainable)) are trained"],
      ["multiply-adds", (work / 1e6).rounded(places: 2) + " million", "of a prediction"],
      ["matrix product peak", "\(peak.rounded(places: 0)) GFLOP/s", "512x512 on every thread"],
    ]
    return """
      \(name): \(size)x\(size), batch \(batch), \(threads) threads, medians of \(repetitions) runs
      \(TextTable.text(facts, indent: 2) + "\n")\(comparison.map { "\n" + $0.summary } ?? "")
      inference
      \(inferenceTimes.text(peak: peak))
      training step
      \(trainingTimes.text(peak: peak))
      """
  }

  /// The same as one JSON object.
  package var json: String {
    let memory = { (value: Int?) in value.map { JSONValue.int($0) } ?? .null }
    var result = OrderedObject.benchmark(of: (name, digest))
    result.add("size", size)
    result.add("batch", batch)
    result.add("threads", threads)
    result.add("repetitions", repetitions)
    result.add("infer_ms_per_image", inference)
    result.add("train_ms_per_image", training)
    result.add("peak_rss_mb", memory(trainingMemory))
    result.add("infer_peak_rss_mb", memory(inferenceMemory))
    result.add("parameters", parameters)
    result.add("trainable_parameters", trainable)
    result.add("macs", .int(Int(work.rounded())))
    result.add("matrix_product_peak_gflops", peak)
    if let comparison { result.add("precision", comparison.object) }
    result.add("inference", inferenceTimes.object)
    result.add("training", trainingTimes.object)
    return result.text
  }
}
