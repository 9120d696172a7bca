import FERCore
import FERData
import FERTraining
import NeuralKit
import Support
import TensorKit

/// How long a recipe's training step takes on the processes that measure together, beside what ``ScalingModel`` says of it.
///
/// What a rank computes is measured on every rank at the same moment, with fewer and with more rows than its share and with
/// nobody to wait for: ranks of one machine share its memory and its clock, so that the numbers of a rank that computes
/// alone would promise more than any of them gets. The step itself, at the share between, is then another measurement.
package struct ScalingBenchmark: Sendable {
  /// How to measure.
  package struct Plan: Sendable {
    /// Images in the batch of all ranks.
    package var batch = 16
    /// Threads of each rank that compute; nil for as many as there are.
    package var threads: Int?
    /// How often everything is measured, one thing after the other, of which the medians are told.
    package var repetitions = 5
    /// Seconds that a message is on its way in the network that is told of; nothing here.
    package var latency = 25e-6

    /// Measures as the command does where no flag is given.
    package init() {}
  }

  let name, digest: String
  let size, ranks: Int
  let plan: Plan
  let model: ScalingModel
  /// Whether images were loaded; without data they are random numbers.
  let hasImages: Bool
  /// Of the step that was measured.
  let predicted: ScalingModel.StepTime
  /// Milliseconds of it.
  let step: Spread
  /// Milliseconds of it that the first rank spent in calls to the others, waiting for them among it.
  let calls: Spread

  /// Measures. All ranks call it, and find the same.
  /// - Throws: what building the model throws, a `DataProblem`, ``RunProblem`` where the ranks cannot share the batch or are
  ///   not alike, `CollectiveFault`.
  package static func run(_ recipe: Recipe, _ plan: Plan, on ranks: any Collective) throws -> ScalingBenchmark
  {
    try SharedFact.require(SharedFact.ofStart(recipe), on: ranks)
    let options = recipe.training, least = max(2, options.shards, 2 * options.accumulate)
    let problem = BatchPart.problem(
      ranks: ranks.size, shards: options.shards, accumulate: options.accumulate, batch: plan.batch,
      images: plan.batch)
    if let problem { throw RunProblem.request("\(recipe.path.printable): \(problem)") }
    guard plan.batch >= least else {
      throw RunProblem.request(
        "\(recipe.path.printable): a batch of \(plan.batch) cannot be shared; measure one of at least \(least) images"
      )
    }
    return try Timing.withThreads(plan.threads) { try ScalingBenchmark(recipe, plan, ranks, least: least) }
  }

  private init(_ recipe: Recipe, _ plan: Plan, _ ranks: any Collective, least: Int) throws {
    (name, digest, size) = (recipe.name, recipe.workDigest, recipe.input.size)
    (self.ranks, self.plan) = (ranks.size, plan)
    // A rank's rows are whole pieces, equally many on all.
    let pieces = recipe.training.accumulate
    let whole = { (rows: Int) in (rows + pieces - 1) / pieces * pieces }
    let share = (plan.batch + ranks.size - 1) / ranks.size
    let few = whole(max(share / 2, (least + ranks.size - 1) / ranks.size, 2))
    let many = max(whole(2 * share), 2 * few)
    let parts = try ScalingTrial.Parts(recipe)
    let low = ScalingTrial(parts, few * ranks.size, over: Echo(ranks.size))
    let high = ScalingTrial(parts, many * ranks.size, over: Echo(ranks.size))
    let real = ScalingTrial(parts, plan.batch, over: ranks)
    let noted = ranks.size > 1 ? low : ScalingTrial(parts, 2 * few, over: Echo(2), shards: 2 * pieces)
    try noted.run()
    var calls = noted.meter.calls
    calls.rows = few

    hasImages = try ranks.decided {
      recipe.has(.train) && !recipe.missingFiles.contains { "\($0.issue.path)".hasPrefix("data.train.") }
    }
    func slowest(_ seconds: Double) throws -> Double {
      Double(try ranks.gathered([Float(seconds)]).joined().max() ?? 0)
    }
    var loading = 0.0, images: RecipeImages?
    if hasImages {
      images = try RecipeImages(.train, of: recipe, isTraining: true)
      try ranks.barrier()
      let rate = try LoaderBenchmark.rate(recipe, 128, workers: 1, plan.repetitions).rate.median
      loading = try slowest(1 / rate)
    }

    for trial in [high, low, real] { for _ in 0..<2 { try trial.run() } }
    let profile = try Timing.profiles(1, high.run)[0]
    let backward = profile.rows.filter { $0.key.direction == .backward }.reduce(0) { $0 + $1.seconds }
    // Of a short step several make one measurement, as many on every rank.
    let once = try slowest(Timing.seconds(1, warmups: 0, real.run)[0])
    let steps = max(1, min(20, Int((0.25 / max(once, 1e-6)).rounded(.up))))
    let numbers = min(max(calls.large.reduce(0, +), SumSizes.bucket), 1 << 24)
    var (lows, highs, wholes, inCalls) = ([Double](), [Double](), [Double](), [Double]())
    var (fews, manys) = ([Double](), [Double]())
    for _ in 0..<plan.repetitions {
      lows.append(try slowest(low.seconds(of: steps, with: ranks).computing))
      highs.append(try slowest(high.seconds(of: steps, with: ranks).computing))
      if ranks.size > 1 {
        fews.append(try slowest(ranks.secondsOfSum(of: 1, times: 10, groups: 50)))
        manys.append(try slowest(ranks.secondsOfSum(of: numbers, times: 1, groups: 3)))
      }
      let stream = images.map { real.stream(of: $0, steps: steps) }
      let measured = try real.seconds(of: steps, with: ranks, from: stream)
      wholes.append(try slowest(measured.computing + measured.calling))
      inCalls.append(measured.calling)
    }

    let line = ScalingModel.line((few, lows.median), (many, highs.median))
    model = ScalingModel(
      fixed: line.fixed, perRow: line.perRow, backwardShare: backward / max(profile.seconds, 1e-9),
      loading: loading, cores: Parallel.availableCores, threads: Parallel.threadCount,
      software: ranks.size > 1
        ? ScalingModel.software(few: fews.median, many: manys.median, count: numbers, ranks: ranks.size)
        : .assumed,
      calls: calls)
    predicted = model.step(of: plan.batch, on: ranks.size)
    (step, self.calls) = (Spread(wholes, times: 1000), Spread(inCalls, times: 1000))
  }
}

extension ScalingBenchmark {
  /// What is told of: ranks, batches, networks in Gbit/s.
  private static let crowds = [8, 64, 1024], batches = [64, 512, 4096], rates = [1.0, 10, 100]
  /// Where the table of changes looks.
  private static let example = (ranks: 64, batch: 512)

  private func wire(_ gigabits: Double) -> ScalingModel.MessageCost {
    .network(gigabits: gigabits, latency: plan.latency)
  }

  /// How far the prediction is from the measurement, as a part of the latter.
  private var difference: Double { 1000 * predicted.total / step.median - 1 }

  /// For people.
  package var summary: String {
    let head =
      "\(name): \(size)x\(size), batch \(plan.batch) on \(ranks) \(ranks == 1 ? "rank" : "ranks") of "
      + "\(model.threads) \(model.threads == 1 ? "thread" : "threads"), medians of \(plan.repetitions) turns"
    let network =
      "Ranks like these, each with a link of its own, \((1e6 * plan.latency).rounded(places: 0)) µs a message; efficiency: "
      + "beside one rank\nwith the same batch; –: more ranks than images"
    let tables = [comparison] + Self.rates.map(steps) + [limits, changes]
    let texts =
      [TextTable.text(constants, indent: 2)] + tables.map { TextTable.text($0, words: 1, indent: 2) }
    return ([head] + texts.prefix(2) + [network] + texts.dropFirst(2)).joined(separator: "\n\n") + "\n"
  }

  private var constants: [[String]] {
    let large = model.calls.large, bytes = 4e-6 * Double(large.reduce(0, +))
    let source = ranks == 1 ? ", assumed; mpirun -np 2 measures it" : ""
    let number = { (value: Double, unit: String) in value.rounded(places: 2) + " " + unit }
    return [
      ["a step without rows, a", number(1000 * model.fixed, "ms")],
      ["a row, b", number(1000 * model.perRow, "ms")],
      [
        "an image loaded by one thread, l",
        hasImages ? number(1000 * model.loading, "ms") : "0, the training images are not here",
      ],
      ["a message, o", number(1e6 * model.software.message, "µs") + source],
      ["a byte, c", number(1e9 * model.software.byte, "ns") + source],
      ["sums in a step", "\(model.calls.sums.count - large.count) of at most \(SumSizes.few) numbers"],
      ["", "\(large.count) larger, of gradients, \(bytes.rounded(places: 1)) MB"],
      ["gathers in a step", "\(model.calls.gathers.count)"],
    ]
  }

  private var comparison: [[String]] {
    let row = { (title: String, predicted: Double, measured: Spread) in
      [title, (1000 * predicted).rounded(places: 2), measured.median.rounded(places: 2)]
    }
    return [
      ["milliseconds", "predicted", "measured", "difference"],
      row("training step", predicted.total, step) + [percent(difference)],
      row("in calls to other ranks", predicted.communication, calls),
    ]
  }

  private func steps(_ rate: Double) -> [[String]] {
    let titles = ["batch", "ranks", "step ms", "images/s", "efficiency", "communication"]
    let rows = Self.batches.flatMap { batch in
      Self.crowds.map { ranks in
        guard ranks <= batch else { return ["", "\(batch)", "\(ranks)", "–"] }
        let step = model.step(of: batch, on: ranks, over: wire(rate))
        return [
          "", "\(batch)", "\(ranks)", (1000 * step.total).rounded(places: 1),
          (Double(batch) / step.total).rounded(places: 1),
          percent(model.efficiency(of: batch, on: ranks, over: wire(rate))),
          percent(step.communication / step.total),
        ]
      }
    }
    return [["\(Int(rate)) Gbit/s"] + titles] + rows
  }

  /// Where it stops paying.
  private var limits: [[String]] {
    let titles = ["half efficient up to", "fastest on"].map {
      [$0] + Self.rates.map { "\(Int($0)) Gbit/s" }
    }
    let rows = Self.batches.map { batch in
      (batch, Self.rates.map { model.limit(of: batch, over: wire($0)) })
    }
    return [titles[0]]
      + rows.map { batch, limits in ["batch \(batch)"] + limits.map { "\($0.halfEfficient)" } }
      + [[], titles[1]] + rows.map { batch, limits in ["batch \(batch)"] + limits.map { "\($0.fastest)" } }
  }

  private var changes: [[String]] {
    let (ranks, batch) = Self.example
    let rows = ScalingModel.Change.allCases.map { change in
      [change.rawValue]
        + Self.rates.map {
          (Double(batch) / model.step(of: batch, on: ranks, over: wire($0), change).total).rounded(places: 1)
        }
    }
    return [["images/s, batch \(batch) on \(ranks) ranks"] + Self.rates.map { "\(Int($0)) Gbit/s" }] + rows
  }

  private func percent(_ share: Double) -> String { (100 * share).rounded(places: 1) + " %" }

  /// The same as one JSON object.
  package var json: String {
    var result = OrderedObject.benchmark(of: (name, digest))
    result.add("size", size)
    result.add("ranks", ranks)
    result.add("batch", plan.batch)
    result.add("threads", model.threads)
    result.add("cores", model.cores)
    result.add("repetitions", plan.repetitions)
    result.add("step_ms", step)
    result.add("predicted_step_ms", 1000 * predicted.total)
    result.add("difference", difference)
    result.add("calls_ms", calls)
    result.add("predicted_calls_ms", 1000 * predicted.communication)
    result.add("fixed_ms", 1000 * model.fixed)
    result.add("row_ms", 1000 * model.perRow)
    result.add("backward_share", model.backwardShare)
    result.add("loading_ms", hasImages ? 1000 * model.loading : nil)
    result.add("message_us", 1e6 * model.software.message)
    result.add("byte_ns", 1e9 * model.software.byte)
    result.add("messages_measured", .bool(ranks > 1))
    result.add("latency_us", 1e6 * plan.latency)
    result.add("sums", .array(model.calls.sums.map { .int($0) }))
    result.add("gathers", .array(model.calls.gathers.map { .int($0) }))
    result.add("table", Self.rates.flatMap { rate in Self.batches.flatMap { objects(rate, $0) } })
    result.add("limits", Self.rates.flatMap { rate in Self.batches.map { limit(rate, $0) } })
    result.add(
      "changes", Self.rates.flatMap { rate in ScalingModel.Change.allCases.map { change(rate, $0) } })
    return result.text
  }

  private func objects(_ rate: Double, _ batch: Int) -> [OrderedObject] {
    Self.crowds.filter { $0 <= batch }.map { ranks in
      let step = model.step(of: batch, on: ranks, over: wire(rate))
      var row = row(rate, batch, ranks)
      row.add("step_ms", 1000 * step.total)
      row.add("images_per_second", Double(batch) / step.total)
      row.add("efficiency", model.efficiency(of: batch, on: ranks, over: wire(rate)))
      row.add("communication", step.communication / step.total)
      return row
    }
  }

  private func limit(_ rate: Double, _ batch: Int) -> OrderedObject {
    let limit = model.limit(of: batch, over: wire(rate))
    var row = row(rate, batch)
    row.add("half_efficient_ranks", limit.halfEfficient)
    row.add("fastest_ranks", limit.fastest)
    return row
  }

  private func change(_ rate: Double, _ change: ScalingModel.Change) -> OrderedObject {
    let (ranks, batch) = Self.example
    let step = model.step(of: batch, on: ranks, over: wire(rate), change)
    var row = row(rate, batch, ranks)
    row.add("change", change.rawValue)
    row.add("images_per_second", Double(batch) / step.total)
    return row
  }

  private func row(_ rate: Double, _ batch: Int, _ ranks: Int? = nil) -> OrderedObject {
    var row = OrderedObject()
    row.add("gigabits_per_second", rate)
    row.add("batch", batch)
    if let ranks { row.add("ranks", ranks) }
    return row
  }
}
