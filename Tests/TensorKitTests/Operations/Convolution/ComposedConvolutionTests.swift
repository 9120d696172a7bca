import TensorKit
import TestSupport
import Testing

/// Two convolutions as one.
@Suite("Composed convolution")
struct ComposedConvolutionTests {
  private func numbers(_ name: String, _ shape: [Int]) -> Tensor {
    Tensor(shape, uniform(name, shape.reduce(1, *)))
  }

  private func part(
    _ name: String, _ kernel: Int, from inputs: Int, to outputs: Int, stride: Int, padding: Int
  )
    -> ComposedConvolution.Part
  {
    ComposedConvolution.Part(
      weight: numbers(name, [outputs, kernel, kernel, inputs]), bias: numbers(name + " bias", [outputs]),
      stride: stride,
      padding: padding)
  }

  /// Kernels (1, 2) and (3, 4) one pixel high: behind each other 3 (x₀ + 2 x₁) + 4 (x₁ + 2 x₂), a kernel of (3, 10, 8);
  /// with stride 2 first, 3 (x₀ + 2 x₁) + 4 (x₂ + 2 x₃). Biases 1 and 5: 3 + 4 + 5.
  @Test("by hand")
  func byHand() throws {
    let x = Tensor([1, 4, 4, 1], (0..<16).map { $0 < 4 ? [1, 10, 100, 1000][$0] : 0 })
    for (stride, expected) in [(1, Float(3 * 21 + 4 * 210 + 12)), (2, Float(3 * 21 + 4 * 2100 + 12))] {
      let first = ComposedConvolution.Part(
        weight: Tensor([40, 2, 2, 1], (0..<40).flatMap { $0 == 0 ? [1, 2, 0, 0] : [0, 0, 0, 0] }),
        bias: Tensor([40], [1] + [Float](repeating: 0, count: 39)), stride: stride, padding: 0)
      let second = ComposedConvolution.Part(
        weight: Tensor([1, 2, 2, 40], (0..<160).map { $0 == 0 ? 3 : $0 == 40 ? 4 : 0 }),
        bias: Tensor([1], [5]),
        stride: 1, padding: 0)
      let composed = try #require(ComposedConvolution(first, second, size: [4, 4]))
      let y = try #require(composed(x))
      #expect(y.shape == [1, stride == 1 ? 2 : 1, stride == 1 ? 2 : 1, 1])
      expectClose(
        y.sliced(along: 1, from: 0, count: 1).sliced(along: 2, from: 0, count: 1).reshaped([1]), [expected])
    }
  }

  @Test(
    "the same as one after the other, border and all",
    arguments: [(28, 3, 2, 1), (27, 3, 2, 1), (12, 3, 2, 1), (9, 2, 2, 0), (8, 1, 1, 0)])
  func apart(side: Int, kernel: Int, stride: Int, padding: Int) throws {
    let x = numbers("x", [2, side, side + 4, 2])
    let first = part("w", kernel, from: 2, to: 48, stride: stride, padding: padding)
    let second = part("v", kernel, from: 48, to: 3, stride: stride, padding: padding)
    let apart = x.convolved(
      weight: numbers("w", [48, kernel, kernel, 2]), bias: numbers("w bias", [48]), stride: stride,
      padding: padding
    ).convolved(
      weight: numbers("v", [3, kernel, kernel, 48]), bias: numbers("v bias", [3]), stride: stride,
      padding: padding)
    let composed = try #require(ComposedConvolution(first, second, size: [side, side + 4]))
    expectClose(try #require(composed(x)), apart, absolute: 2e-5)
    #expect(composed(x.sliced(along: 1, from: 0, count: side - 1)) == nil)
  }

  @Test("not where it costs more, or where the border would be wrong")
  func impossible() {
    let few = part("w", 3, from: 48, to: 2, stride: 2, padding: 1)
    #expect(
      ComposedConvolution(few, part("v", 3, from: 2, to: 48, stride: 2, padding: 1), size: [28, 28]) == nil)
    let same = part("w", 3, from: 1, to: 48, stride: 1, padding: 1)
    #expect(
      ComposedConvolution(same, part("v", 3, from: 48, to: 1, stride: 1, padding: 1), size: [8, 8]) == nil)
  }
}
