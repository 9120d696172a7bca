import TestSupport
import Testing

@testable import TensorKit

@Suite("Dilated convolution")
struct DilationTests {
  /// Small whole numbers in PyTorch's order, brought into ours: `torch.arange(60).remainder(7).sub(3).view(1, 2, 5, 6)`.
  private let map = Tensor([1, 2, 5, 6], (0..<60).map { Float($0 % 7 - 3) }).permuted([0, 2, 3, 1])

  /// `torch.arange(2 * (2 // g) * k * k).remainder(5).sub(2).view(2, 2 // g, k, k)`
  private func weight(_ kernel: Int, groups: Int = 1) -> Tensor {
    let shape = [2, 2 / groups, kernel, kernel]
    return Tensor(shape, (0..<shape.elementCount).map { Float($0 % 5 - 2) }).permuted([0, 2, 3, 1])
  }

  /// `torch.nn.functional.conv2d(map, weight, stride=s, padding=p, dilation=d, groups=g).permute(0, 2, 3, 1)`
  @Test("values of PyTorch 2.13")
  func values() {
    expectClose(
      map.convolved(weight: weight(3), stride: 2, padding: 1, dilation: 2),
      Tensor([1, 2, 2, 2], [-3, -5, 4, 9, 9, -3, -1, 4]))
    expectClose(
      map.convolved(weight: weight(2), dilation: 3),
      Tensor([1, 2, 3, 2], [-6, 8, -2, -5, 9, -11, -10, 7, -6, 8, -2, -5]))
    let grouped = map.convolved(weight: weight(3, groups: 2), padding: 2, dilation: 2, groups: 2)
    #expect(grouped.shape == [1, 5, 6, 2])
    expectClose(
      grouped.sliced(along: 1, from: 0, count: 1), [-7, 4, -6, 6, -10, 14, -9, 0, 4, 4, 6, -5])
  }

  /// A dilated kernel of side 3 is one of side 5 with zeros between, which other loops compute.
  @Test("the same as a larger kernel with zeros between, in training and in prediction", arguments: [4, 16])
  func spread(channels: Int) {
    let x = Tensor([2, 9, 8, channels], uniform("x", 144 * channels))
    let kernel = Tensor([16, 3, 3, channels], uniform("w", 144 * channels))
    let large = Tensor([16, 5, 5, channels]) { target in
      target.update(repeating: 0)
      for (index, value) in kernel.values.enumerated() {
        let (output, row) = (index / (9 * channels), index / (3 * channels) % 3)
        let (column, channel) = (index / channels % 3, index % channels)
        target[((output * 5 + 2 * row) * 5 + 2 * column) * channels + channel] = value
      }
    }
    let expected = x.convolved(weight: large, padding: 2)
    expectClose(x.convolved(weight: kernel, padding: 2, dilation: 2), expected, absolute: 1e-5)
    expectClose(
      x.convolved(
        kernel: ConvolutionKernel(kernel), padding: 2, dilation: 2, prologue: nil,
        epilogue: ConvolutionEpilogue()),
      expected, absolute: 1e-5)
    expectClose(
      x.convolved(after: nil, slope: nil, weight: kernel, padding: 2, dilation: 2), expected, absolute: 1e-5)
  }

  @Test(
    "gradients: kernel, stride, padding, dilation, groups",
    arguments: [(3, 1, 2, 2, 1), (3, 1, 0, 2, 2), (2, 2, 1, 3, 1), (3, 1, 2, 2, 4), (1, 1, 0, 2, 1)])
  func gradients(kernel: Int, stride: Int, padding: Int, dilation: Int, groups: Int) {
    let x = Tensor([2, 5, 5, 4], uniform("x", 200))
    let w = Tensor([4, kernel, kernel, 4 / groups], uniform("w", 16 * kernel * kernel / groups))
    checkGradients(at: x, w, Tensor([4], uniform("b", 4))) {
      $0[0].convolved(
        weight: $0[1], bias: $0[2], stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
  }
}
