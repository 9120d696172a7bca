import FERCore
import TensorKit
import TestSupport
import Testing

@testable import FERTraining

@Suite("The difference that a precision makes")
struct PrecisionDifferenceTests {
  /// Gaps 0.25, 0.25 and 0, 0: the largest 0.25, the mean 0.125. The first image changes its class from its label's.
  @Test("is worked out from predictions of the same images")
  func byHand() {
    func row(_ label: Int?, _ final: [Float]) -> EvaluatedSample {
      EvaluatedSample(id: "", label: label, primary: final, terms: [], final: final)
    }
    let exact = [row(0, [0.625, 0.375]), row(0, [0.25, 0.75])],
      found = [row(0, [0.375, 0.625]), row(0, [0.25, 0.75])]
    let difference = PrecisionDifference(
      .bfloat16, found, against: exact, embeddings: Tensor([1, 2], [3, 4.5]),
      exactEmbeddings: Tensor([1, 2], [3, 4]))
    #expect(difference.largest == 0.25 && difference.mean == 0.125 && difference.agreement == 0.5)
    #expect(difference.accuracy == 0 && difference.float32Accuracy == 0.5)
    #expect(difference.embeddingError == 0.1)
    let unlabelled = PrecisionDifference(.bfloat16, [row(nil, [1, 0])], against: [row(nil, [1, 0])])
    #expect(unlabelled.accuracy == nil && unlabelled.embeddingError == nil && unlabelled.agreement == 1)
    #expect(difference.summary.split(separator: "\n").first == "bf16 against float32 on 2 images")
  }

  @Test(
    "an evaluation is compared on all of its images",
    .enabled(if: Precision.bfloat16.obstacle == nil, "needs AVX512-BF16 and the AVX-512 kernels"))
  func evaluation() throws {
    let workshop = try Workshop(), source = TinyImages(count: 9)
    let model = try workshop.recipe.buildModel(loadingWeights: false)
    let evaluator = Evaluator(model, batchSize: 4, precision: .bfloat16)
    let evaluation = try evaluator.evaluate(source, keepsEmbeddings: true)
    let difference = try evaluator.difference(of: evaluation, on: source)
    #expect(difference.images == 9 && difference.accuracy != nil)
    #expect(difference.largest < 0.01 && difference.embeddingError.map { $0 < 0.01 } == true)
  }
}
