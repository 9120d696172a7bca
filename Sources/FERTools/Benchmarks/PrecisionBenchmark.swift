import FERTraining
import FERCore
import NeuralKit
import TensorKit
import Support

/// Inference in another precision beside that in 32-bit floats, measured in turns so that what else the machine does
/// falls on both.
package struct PrecisionBenchmark: Sendable {
  /// Milliseconds per image in the other precision.
  package let milliseconds: Spread
  /// The same in 32-bit floats.
  package let float32Milliseconds: Spread
  /// How many times faster the other one is: the median over pairs of neighbouring runs.
  package let ratio: Double
  /// How predictions differ.
  package let difference: PrecisionDifference

  /// - Precondition: this process has the precision.
  init(_ precision: Precision, _ model: ExpressionModel, _ images: Tensor, repetitions: Int) throws {
    let passes = [ForwardPass.evaluation(in: precision), .evaluation]
    // kernels are kept from then on
    let outcomes = try passes.map { pass in try (0..<2).map { _ in try model(images, pass) }[1] }
    let times = try (0..<max(1, repetitions)).map { _ in
      try passes.map { pass in try Timing.seconds(1, warmups: 0) { _ = try model(images, pass) }[0] }
    }
    let perImage = 1000 / Double(images.shape[0])
    (milliseconds, float32Milliseconds) = (
      Spread(times.map { $0[0] }, times: perImage), Spread(times.map { $0[1] }, times: perImage)
    )
    ratio = times.map { $0[1] / $0[0] }.median
    let rows = outcomes.map { outcome in
      outcome.evaluated(ids: (0..<outcome.final.shape[0]).map { "random \($0)" })
    }
    difference = PrecisionDifference(
      precision, rows[0], against: rows[1], embeddings: outcomes[0].embedding,
      exactEmbeddings: outcomes[1].embedding)
  }

  /// For people.
  var summary: String {
    "\(difference.precision.rawValue) is \(ratio.rounded(places: 2)) times as fast as float32: "
      + "\(milliseconds.median.rounded(places: 2)) and \(float32Milliseconds.median.rounded(places: 2)) ms per image, in turns\n"
      + difference.summary
  }

  var object: OrderedObject {
    // Benchmarks write their keys as PyTorch's scripts do.
    var result = difference.object {
      $0.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : "\($1)" }
    }
    result.add("float32_infer_ms_per_image", float32Milliseconds)
    result.add("speed_ratio", ratio)
    return result
  }
}
