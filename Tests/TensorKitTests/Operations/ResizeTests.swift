import TensorKit
import TestSupport
import Testing

/// Against `torch.nn.functional.interpolate(x, size=..., mode=..., align_corners=False)` of PyTorch 2.13, and nearest
/// without `align_corners`.
@Suite("Resizing maps")
struct ResizeTests {
  private let map = Tensor([1, 4, 5, 1], [1, 4, 2, 8, 5, 7, 1, 0, 3, 9, 2, 6, 5, 1, 4, 8, 3, 7, 2, 6])

  @Test("nearest")
  func nearest() {
    let found = map.resized(height: 3, width: 7, mode: .nearest)
    expectClose(found, [1, 1, 4, 2, 2, 8, 5, 7, 7, 1, 0, 0, 3, 9, 2, 2, 6, 5, 5, 1, 4])
    expectClose(map.resized(height: 6, width: 2, mode: .nearest), [1, 2, 1, 2, 7, 0, 2, 5, 2, 5, 8, 7])
  }

  @Test("bilinear")
  func bilinear() {
    expectClose(
      map.resized(height: 3, width: 7, mode: .bilinear),
      [
        2, 2.8571429, 2.9761901, 1.6666666, 5.5952387, 6.523809, 5.666667, 4.5, 3.9285715, 3.2142854, 2.5,
        2.1428571, 3.9285717, 6.5, 7.000001, 5, 4.4047618, 6.666667, 3.2142851, 3.4761908, 5.666667,
      ])
  }

  @Test("bicubic, larger, smaller and of fewer pixels than the kernel has")
  func bicubic() {
    expectClose(
      map.resized(height: 3, width: 7, mode: .bicubic),
      [
        1.8271081, 3.0331733, 2.9117241, 1.6261575, 5.9154677, 7.2190976, 5.5305066, 4.5787187, 4.0641384,
        3.0579445, 2.125, 0.98478496, 3.569423, 7.1007686, 7.3303323, 4.6568165, 4.2146668, 6.7997684,
        2.8628116,
        2.8964698, 5.9256353,
      ], absolute: 5e-6)
    expectClose(
      map.resized(height: 6, width: 2, mode: .bicubic),
      [
        3.6238208, 8.2376184, 2.7416992, 6.6348877, 2.7905457, 3.8812857, 4.9174628, 1.5941402, 4.7114258,
        1.4979248, 3.5817473, 2.4762237,
      ], absolute: 5e-6)
    let small = Tensor([1, 2, 1, 1], [1, 7]).resized(height: 3, width: 2, mode: .bicubic)
    expectClose(small, [0.47916675, 0.47916675, 4, 4, 7.520833, 7.520833])
  }

  @Test(
    "the same size changes nothing, and every mode has its gradient",
    arguments: [.nearest, .bilinear, .bicubic] as [Tensor.Interpolation])
  func everyMode(mode: Tensor.Interpolation) {
    expectClose(map.resized(height: 4, width: 5, mode: mode), map)
    checkGradients(at: map / 10) { $0.resized(height: 3, width: 7, mode: mode) }
    checkGradients(at: Tensor([2, 1, 3, 2], uniform("x", 12))) {
      $0.resized(height: 2, width: 2, mode: mode) * $0.sliced(along: 2, from: 0, count: 2)
    }
  }
}
