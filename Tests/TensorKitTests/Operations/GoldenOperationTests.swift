import TensorKit
import TestSupport
import Testing

/// Every operation that the reference stores a case for: the output and every gradient, within the tolerance of
/// `Fixtures/tolerance.json`.
@Suite("Golden operations")
struct GoldenOperationTests {
  /// How a named input of a case is laid out.
  enum Layout { case plain, image }

  private func check(
    _ name: String, _ inputs: [(String, Layout)], output: Layout = .plain, _ operation: ([Tensor]) -> Tensor
  ) throws {
    let golden = try Golden("op_" + name), allowed = try Tolerance.read().ops
    func read(_ key: String, _ layout: Layout) -> Tensor {
      layout == .image ? golden.channelsLast(key) : golden.plain(key)
    }
    let tape = Tape()
    let watched = inputs.map { tape.watch(read($0.0, $0.1)) }
    let result = operation(watched)
    expectRelativeNorm(result, read("output", output), atMost: allowed, "\(name) output")
    tape.backward(from: result, gradient: read("output.grad", output))
    for ((key, layout), leaf) in zip(inputs, watched) {
      let gradient = try #require(tape.gradient(of: leaf), "\(name): no gradient for \(key)")
      expectRelativeNorm(gradient, read(key + ".grad", layout), atMost: allowed, "\(name) gradient of \(key)")
    }
  }

  @Test(
    "convolution",
    arguments: [
      (3, 1, 1, 1), (3, 2, 1, 1), (1, 1, 0, 1), (1, 2, 0, 1), (3, 1, 1, 8), (3, 2, 1, 8), (7, 1, 0, 8),
    ])
  func convolution(kernel: Int, stride: Int, padding: Int, groups: Int) throws {
    try check(
      "conv_k\(kernel)s\(stride)p\(padding)g\(groups)", [("x", .image), ("w", .image), ("b", .plain)],
      output: .image
    ) {
      $0[0].convolved(weight: $0[1], bias: $0[2], stride: stride, padding: padding, groups: groups)
    }
  }

  @Test func batchNorm() throws {
    try check("batchnorm_train", [("x", .image), ("w", .plain), ("b", .plain)], output: .image) {
      $0[0].normalized(by: BatchNormalization(over: $0[0], scale: $0[1], offset: $0[2], epsilon: 1e-5))
    }
  }

  @Test func layerNorm() throws {
    try check("layernorm", [("x", .plain), ("w", .plain), ("b", .plain)]) {
      $0[0].layerNormalized(scale: $0[1], offset: $0[2], epsilon: 1e-6)
    }
  }

  @Test func prelu() throws {
    try check("prelu", [("x", .image), ("w", .plain)], output: .image) { $0[0].prelu(slope: $0[1]) }
  }

  @Test func gelu() throws { try check("gelu", [("x", .plain)]) { $0[0].gelu() } }
  @Test func softmax() throws { try check("softmax", [("x", .plain)]) { $0[0].softmax() } }

  @Test func linear() throws {
    try check("linear", [("x", .plain), ("w", .plain), ("b", .plain)]) {
      $0[0].linear(weight: $0[1], bias: $0[2])
    }
  }

  @Test func resize() throws {
    try check("resize_bilinear", [("x", .image)], output: .image) {
      $0[0].resized(height: 16, width: 7, mode: .bilinear)
    }
  }
}
