import FERCore
@testable import FERTraining
import Foundation
import TensorKit
import TestSupport
import Testing

@Suite("Smoothing over time")
struct DistributionSmootherTests {
  private let left = Box(left: 0, top: 0, right: 10, bottom: 10)
  private let right = Box(left: 20, top: 0, right: 30, bottom: 10)

  /// N = 2. One frame on, a share of 1 − e^(−1/2) = 0.393469 arrives: (1, 0) becomes (0.606531, 0.393469). Two frames on
  /// without one between, 1 − e⁻¹ = 0.632121 of the way to (0, 1): 0.606531 · 0.367879 = 0.223130.
  @Test("worked out by hand, with a frame that holds nothing")
  func byHand() {
    var smoother = DistributionSmoother(frames: 2)
    #expect(smoother.next([([1, 0], nil)]) == [.init(track: 1, distribution: [1, 0])])
    let second = smoother.next([([0, 1], nil)])[0]
    #expect(second.track == 1)
    expectClose(Tensor([2], second.distribution), [0.606_531, 0.393_469] as [Float])
    #expect(smoother.next([]).isEmpty)
    expectClose(
      Tensor([2], smoother.next([([0, 1], nil)])[0].distribution), [0.223_130, 0.776_870] as [Float])
    // Not seen for three frames: it begins anew.
    for _ in 0..<2 { #expect(smoother.next([]).isEmpty) }
    #expect(smoother.next([([0.5, 0.5], nil)]) == [.init(track: 2, distribution: [0.5, 0.5])])
  }

  /// Boxes of 10 x 10 that are 2 columns apart share 80 of 120 pixels, 2/3; those 6 apart 40 of 160, a quarter.
  @Test("each face goes on with the one whose box overlaps its own most")
  func faces() {
    #expect(left.overlap(left) == 1 && left.overlap(right) == 0)
    let (near, far) = (
      Box(left: 2, top: 0, right: 12, bottom: 10), Box(left: 6, top: 0, right: 16, bottom: 10)
    )
    #expect(abs(left.overlap(near) - 2.0 / 3) < 1e-12 && left.overlap(far) == 0.25)
    var smoother = DistributionSmoother(frames: 1)
    #expect(smoother.next([([1, 0], left), ([0, 1], right)]).map(\.track) == [1, 2])
    let swapped = smoother.next([([0, 1], right), ([1, 0], near), ([0.5, 0.5], left)])
    #expect(swapped.map(\.track) == [2, 3, 1])
    expectClose(Tensor([2], swapped[0].distribution), [0, 1] as [Float])
    // 1 + (1 − e⁻¹)(0.5 − 1) = 0.683940
    expectClose(Tensor([2], swapped[2].distribution), [0.683_940, 0.316_060] as [Float])
    #expect(smoother.next([([1, 0], Box(left: 60, top: 60, right: 70, bottom: 70))]).map(\.track) == [4])
  }
}
