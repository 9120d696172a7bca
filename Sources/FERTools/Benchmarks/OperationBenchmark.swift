import FERTraining
import FERCore
import TensorKit
import Support

/// How fast each operation of the networks is by itself, at the sizes it has there.
package struct OperationBenchmark: Sendable {
  /// One operation.
  package struct Line: Sendable {
    /// "convolution 3x3".
    package let name: String
    /// Of its input, without the batch, and what else decides the work.
    package let sizes: String
    /// Milliseconds for the whole batch.
    package let forward: Spread
    /// Milliseconds for the gradients of all inputs.
    package let backward: Spread
    /// GFLOP/s; nil where it is not made of multiply-adds.
    package let forwardRate: Double?
    /// GFLOP/s; nil where it is not made of multiply-adds.
    package let backwardRate: Double?
  }

  /// Images in the batch.
  package let batch: Int
  /// Threads that computed.
  package let threads: Int
  /// Timed runs of each.
  package let repetitions: Int
  /// What the machine's best matrix product reaches, in GFLOP/s.
  package let peak: Double
  /// In the order of ``OperationCase/all``.
  package let lines: [Line]

  /// Measures every operation; the median of its runs is told.
  package static func run(_ plan: ModelBenchmark.Plan) -> OperationBenchmark {
    Timing.withThreads(plan.threads) {
      let before = MatrixPeak.gigaflops()
      let lines = OperationCase.all.map { $0.measured(batch: plan.batch, repetitions: plan.repetitions) }
      return OperationBenchmark(
        batch: plan.batch, threads: Parallel.threadCount, repetitions: plan.repetitions,
        peak: max(before, MatrixPeak.gigaflops()), lines: lines)
    }
  }

  /// For people.
  package var summary: String {
    let rate = { (value: Double?) in value.map { [$0.rounded(places: 1), percent($0 / peak)] } ?? ["", ""] }
    let titles = [
      "operation", "sizes", "forward ms", "GFLOP/s", "of peak", "backward ms", "GFLOP/s", "of peak",
    ]
    let rows = lines.map { line in
      [line.name, line.sizes, line.forward.median.rounded(places: 3)] + rate(line.forwardRate)
        + [line.backward.median.rounded(places: 3)] + rate(line.backwardRate)
    }
    return "batch \(batch), \(threads) threads, medians of \(repetitions) runs; matrix product peak "
      + "\(peak.rounded(places: 0)) GFLOP/s\n" + TextTable.text([titles] + rows, words: 2, indent: 2) + "\n"
  }

  private func percent(_ share: Double) -> String { (100 * share).rounded(places: 0) + " %" }

  /// The same as one JSON object.
  package var json: String {
    var result = OrderedObject.benchmark()
    result.add("batch", batch)
    result.add("threads", threads)
    result.add("repetitions", repetitions)
    result.add("matrix_product_peak_gflops", peak)
    result.add(
      "operations",
      lines.map { line in
        var row = OrderedObject()
        row.add("operation", line.name)
        row.add("sizes", line.sizes)
        row.add("forward_ms", line.forward)
        row.add("forward_gflops", line.forwardRate)
        row.add("backward_ms", line.backward)
        row.add("backward_gflops", line.backwardRate)
        return row
      })
    return result.text
  }
}

/// An operation with the shapes of its inputs.
struct OperationCase {
  let name: String
  let sizes: String
  /// Shapes of the inputs that get gradients, for a batch.
  let inputs: (_ batch: Int) -> [[Int]]
  let apply: ([Tensor]) -> Tensor

  func measured(batch: Int, repetitions: Int) -> OperationBenchmark.Line {
    var random = RandomSource(seed: 1, stream: name)
    var tensors = inputs(batch).map { Tensor.random($0, &random) }
    tensors[0] = tensors[0].of(Shards(batch))  // as in training
    let forward = Spread(Timing.seconds(repetitions) { _ = apply(tensors) }, times: 1000)
    let flow = Tensor.ones(apply(tensors).shape)
    let times = (0..<repetitions + 2).map { _ in
      let tape = Tape()
      let result = apply(tensors.map(tape.watch))
      let start = Clock.seconds
      tape.backward(from: result, gradient: flow)
      return Clock.seconds - start
    }.dropFirst(2)
    let backward = Spread(Array(times), times: 1000)
    let profile = Timing.profiles(1) {
      let tape = Tape()
      tape.backward(from: apply(tensors.map(tape.watch)), gradient: flow)
    }[0]
    let rate = { (direction: Profile.Direction, time: Spread) -> Double? in
      let work = profile.rows.filter { $0.key.direction == direction }.reduce(0) { $0 + $1.work }
      return work > 0 && time.median > 0 ? 2e-6 * Double(work) / time.median : nil
    }
    return OperationBenchmark.Line(
      name: name, sizes: sizes, forward: forward, backward: backward,
      forwardRate: rate(.forward, forward), backwardRate: rate(.backward, backward))
  }
}
