import NeuralKit
import TensorKit
import Testing

@Suite("Forward pass")
struct ForwardPassTests {
  @Test("a frozen part runs in evaluation mode and records nothing")
  func frozen() {
    let frozen = ForwardPass.training(on: Tape(), seed: 1, step: 0).frozen
    #expect(!frozen.isTraining && frozen.tape == nil && frozen.precision == .float32)
  }

  @Test("a frozen part keeps the precision", .enabled(if: Precision.bfloat16.obstacle == nil))
  func frozenPrecision() {
    #expect(ForwardPass.evaluation(in: .bfloat16).frozen.precision == .bfloat16)
  }
}
