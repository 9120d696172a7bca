import FERTraining
import FERCore
import NeuralKit
import TensorKit
import Support

/// Inference in another precision beside that in 32-bit floats, measured in turns so that what else the machine does
/// falls on both.
public struct PrecisionBenchmark: Sendable {
  /// Milliseconds per image in the other precision: the median.
  public let milliseconds: Double
  /// The same in 32-bit floats.
  public let float32Milliseconds: Double
  /// How many times faster the other one is: the median over pairs of neighbouring runs.
  public let ratio: Double
  /// How predictions differ.
  public let difference: PrecisionDifference

  /// - Precondition: this process has the precision.
  init(_ precision: Precision, _ model: ExpressionModel, _ images: Tensor, repetitions: Int) {
    let passes = [ForwardPass.evaluation(in: precision), .evaluation]
    // kernels are kept from then on
    let outcomes = passes.map { pass in (0..<2).map { _ in model(images, pass) }[1] }
    let times = (0..<max(1, repetitions)).map { _ in
      passes.map { pass in Timing.seconds(1, warmups: 0) { _ = model(images, pass) }[0] }
    }
    let perImage = 1000 / Double(images.shape[0])
    (milliseconds, float32Milliseconds) = (
      perImage * times.map { $0[0] }.median, perImage * times.map { $0[1] }.median
    )
    ratio = times.map { $0[1] / $0[0] }.median
    let ids = (0..<images.shape[0]).map { "random \($0)" }
    let rows = outcomes.map {
      Evaluator.rows(of: $0, LabelledBatch(number: 0, images: images, labels: [], ids: ids))
    }
    difference = PrecisionDifference(
      precision, rows[0], against: rows[1], embeddings: outcomes[0].embedding,
      exactEmbeddings: outcomes[1].embedding)
  }

  /// For people.
  var summary: String {
    "\(difference.precision.rawValue) is \(ratio.rounded(places: 2)) times as fast as float32: "
      + "\(milliseconds.rounded(places: 2)) and \(float32Milliseconds.rounded(places: 2)) ms per image, in turns\n"
      + difference.summary
  }

  var object: OrderedObject {
    var result = difference.object
    result.add("float32_infer_ms_per_image", float32Milliseconds)
    result.add("speed_ratio", ratio)
    return result
  }
}
