import TensorKit
import TestSupport
import Testing

@Suite("Attention that keys receive")
struct AttentionReceivedTests {
  private let third: Float = 1.098_612_3  // ln 3

  /// Queries 0 and 1, keys 0 and ln 3, one head of one feature: softmax(0, 0) = (½, ½), softmax(0, ln 3) = (¼, ¾); their
  /// mean is (0.375, 0.625). A bias of ln 3 on the first query's first key makes its row (¾, ¼): the mean is (½, ½).
  @Test("the mean over queries, with a bias and without")
  func mean() {
    let query = Tensor([1, 2, 1], [0, 1])
    let both = Tensor([1, 2, 2], [0, 7, third, 8])
    expectClose(
      Tensor.attentionReceived(query: query, keysAndValues: both, heads: 1), Tensor([1, 2], [0.375, 0.625]))
    let bias = Tensor([1, 2, 2], [third, 0, 0, 0])
    expectClose(
      Tensor.attentionReceived(query: query, keysAndValues: both, heads: 1, bias: bias),
      Tensor([1, 2], [0.5, 0.5]))
  }

  /// The second head's query is 0: it adds (½, ½) for each query. Two windows share the queries; the second one's keys are
  /// those of the first the other way round.
  @Test("the mean over heads; queries shared by neighbouring keys; no history")
  func headsAndWindows() {
    let query = Tape().watch(Tensor([1, 2, 2], [0, 0, 1, 0]))
    let both = Tensor([2, 2, 4], [0, 5, 1, 1, third, 6, 1, 1, third, 5, 1, 1, 0, 6, 1, 1])
    let found = Tensor.attentionReceived(query: query, keysAndValues: both, heads: 2)
    expectClose(found, Tensor([2, 2], [0.4375, 0.5625, 0.5625, 0.4375]))
    #expect(!found.isTracked)
  }

  /// More queries than are worked out at once: 12 · ⌊2¹⁶ / 6000 / 12⌋ or at least 12 of 30.
  @Test("many keys, block by block")
  func blocks() {
    let found = Tensor.attentionReceived(
      query: .zeros([1, 30, 2]), keysAndValues: .ones([1, 6000, 4]), heads: 1)
    expectClose(found, Tensor.full([1, 6000], 1 / 6000), absolute: 1e-9)
  }
}
