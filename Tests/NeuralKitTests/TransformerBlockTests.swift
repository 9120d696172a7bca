import NeuralKit
import TensorKit
import TestSupport
import Testing

@Suite("Transformer block")
struct TransformerBlockTests {
  private let scope = ParameterScope()

  /// Tokens of one number, which a layer norm brings to its bias, 1 here. Every token's value is 2 · 1, so attention gives
  /// 2, projected to 3 · 2 + 0.5 = 6.5. The first layer of the MLP gives 0, GELU(0) = 0, and the second one's bias is 0.25.
  private func block(dropPath: Float = 0) -> TransformerBlock {
    let block = TransformerBlock(
      size: 1, heads: 1, hidden: 1, initializer: .zeros, dropPath: dropPath, in: scope)
    scope.store.fill(seed: 1)
    let values: [String: [Float]] = [
      "norm1.bias": [1], "attn.qkv.weight": [0, 0, 2], "attn.proj.weight": [3], "attn.proj.bias": [0.5],
      "norm2.bias": [1], "mlp.fc2.weight": [1], "mlp.fc2.bias": [0.25],
    ]
    for (name, values) in values {
      guard let parameter = scope.store[name] else {
        Issue.record("no parameter \(name)")
        continue
      }
      parameter.value = Tensor(parameter.shape, values)
    }
    return block
  }

  @Test("both branches are added, for all tokens and for the first")
  func value() {
    let block = block(), tokens = Tensor([1, 2, 1], [1, 4])
    #expect(block(tokens, .evaluation).values == [7.75, 10.75])
    #expect(block(tokens, asking: 1, .evaluation).values == [7.75])
  }

  /// Either branch is left out or doubled: 1, 1 + 13, 1 + 0.5, 1 + 13.5.
  @Test("drop path leaves either branch out by itself")
  func dropPath() {
    let block = block(dropPath: 0.5)
    let found = block(.ones([64, 1, 1]), .training(on: Tape(), seed: 1, step: 0))
    #expect(Set(found.values) == [1, 14, 1.5, 14.5])
  }

  @Test("gradients, with all tokens asking and with one")
  func gradients() {
    let block = TransformerBlock(size: 4, heads: 2, hidden: 8, in: scope)
    scope.store.fill(seed: 3)
    for count in [1, 3] {
      checkGradients(at: Tensor([2, 3, 4], uniform("t", 24))) { block($0, asking: count, .evaluation) }
    }
  }
}
