import TensorKit
import TestSupport
import Testing

/// Norm, activation and convolution as one operation, by every convolution algorithm.
@Suite("Convolution behind a norm and an activation")
struct NormalizedConvolutionTests {
  struct Case: CustomTestStringConvertible {
    var channels = 4, outputs = 4, kernel = 3, stride = 1, padding = 1, groups = 1
    var testDescription: String {
      "\(channels) to \(outputs) channels, kernel \(kernel), stride \(stride), \(groups) groups"
    }
    /// Away from 0, where the activation has its kink, also when normalised: every value and its opposite are there.
    var map: Tensor {
      let half = uniform("map", 25 * channels).map { 1 + 0.4 * $0 }
      return Tensor([2, 5, 5, channels], half + half.map { -$0 })
    }
    var weight: Tensor {
      let shape = [outputs, kernel, kernel, channels / groups]
      return Tensor(shape, uniform("weight", shape.reduce(1, *)))
    }
    var scale: Tensor { Tensor([channels], uniform("scale", channels).map { 1.5 + 0.3 * $0 }) }
    var offset: Tensor { Tensor([channels], uniform("offset", channels).map { 0.2 * $0 }) }
    var slope: Tensor { Tensor([channels], uniform("slope", channels).map { 0.3 + 0.2 * $0 }) }
    var bias: Tensor { Tensor([outputs], uniform("bias", outputs)) }
  }
  /// Patches, Winograd's algorithm, a plain product, depthwise loops.
  static let cases = [
    Case(stride: 2), Case(channels: 16, outputs: 16), Case(kernel: 1, padding: 0), Case(groups: 4),
    Case(groups: 2),
  ]

  /// 1 and 3 have mean 2 and variance 1: they become -1 and 1, then -0.5 and 1, and by 2 x + 1 in the end 0 and 3.
  @Test("a value worked out by hand")
  func value() {
    let x = Tensor([1, 1, 2, 1], [1, 3])
    let norm = BatchNormalization(over: x, scale: .ones([1]), offset: .zeros([1]), epsilon: 0)
    let result = x.convolved(
      after: norm, slope: .full([1], 0.5), weight: .full([1, 1, 1, 1], 2), bias: .ones([1]))
    expectClose(result, Tensor([1, 1, 2, 1], [0, 3]))
  }

  @Test("it is the three operations one after another, and its gradients are theirs", arguments: cases)
  func definition(sizes: Case) {
    let inputs = [sizes.map, sizes.scale, sizes.offset, sizes.slope, sizes.weight, sizes.bias]
    for (hasNorm, hasSlope) in [(true, true), (true, false), (false, true), (false, false)] {
      func run(_ body: ([Tensor], BatchNormalization?, Tensor?) -> Tensor) -> [Tensor?] {
        let tape = Tape(), watched = inputs.map { tape.watch($0) }
        let norm =
          hasNorm
          ? BatchNormalization(over: watched[0], scale: watched[1], offset: watched[2], epsilon: 1e-5) : nil
        let result = body(watched, norm, hasSlope ? watched[3] : nil)
        tape.backward(from: result, gradient: Tensor(result.shape, uniform("flow", result.count)))
        return [result] + watched.map { tape.gradient(of: $0) }
      }
      let whole = run { inputs, norm, slope in
        inputs[0].convolved(
          after: norm, slope: slope, weight: inputs[4], bias: inputs[5], stride: sizes.stride,
          padding: sizes.padding,
          groups: sizes.groups)
      }
      let parts = run { inputs, norm, slope in
        let normed = norm.map { inputs[0].normalized(by: $0) } ?? inputs[0]
        let bent = slope.map { normed.prelu(slope: $0) } ?? normed
        return bent.convolved(
          weight: inputs[4], bias: inputs[5], stride: sizes.stride, padding: sizes.padding,
          groups: sizes.groups)
      }
      for (place, (found, expected)) in zip(whole, parts).enumerated() {
        #expect((found == nil) == (expected == nil))
        guard let found, let expected else { continue }
        expectRelativeNorm(found, expected, atMost: 5e-6, "\(place), norm \(hasNorm), slope \(hasSlope)")
      }
    }
  }

  @Test("gradients agree with central differences", arguments: cases)
  func gradients(sizes: Case) {
    let weight = sizes.weight
    checkGradients(at: sizes.map, sizes.scale, sizes.offset, sizes.slope, sizes.bias, tolerance: 4e-3) {
      let norm = BatchNormalization(over: $0[0], scale: $0[1], offset: $0[2], epsilon: 1e-5)
      return $0[0].convolved(
        after: norm, slope: $0[3], weight: weight, bias: $0[4], stride: sizes.stride, padding: sizes.padding,
        groups: sizes.groups)
    }
    guard weight.count < 1000 else { return }
    checkGradients(at: sizes.map, weight, tolerance: 4e-3) {
      let norm = BatchNormalization(
        mean: .zeros([sizes.channels]), variance: .ones([sizes.channels]), scale: sizes.scale,
        offset: sizes.offset,
        epsilon: 1e-5)
      return $0[0].convolved(
        after: norm, slope: sizes.slope, weight: $0[1], stride: sizes.stride, padding: sizes.padding,
        groups: sizes.groups)
    }
  }

  @Test("an activation behind a norm, and its gradients")
  func activation() {
    let sizes = Case()
    let x = Tensor([1, 1, 2, 1], [1, 3])
    let norm = BatchNormalization(over: x, scale: .ones([1]), offset: .zeros([1]), epsilon: 0)
    expectClose(x.prelu(slope: .full([1], 0.5), after: norm), Tensor([1, 1, 2, 1], [-0.5, 1]))
    checkGradients(at: sizes.map, sizes.scale, sizes.offset, sizes.slope, tolerance: 4e-3) {
      $0[0].prelu(
        slope: $0[3], after: BatchNormalization(over: $0[0], scale: $0[1], offset: $0[2], epsilon: 1e-5))
    }
  }

  @Test("a number that is none goes through, so that the trainer sees it")
  func notANumber() {
    let map = Tensor.full([1, 4, 4, 16], .nan)
    let result = map.convolved(after: nil, slope: .zeros([16]), weight: .ones([16, 3, 3, 16]), padding: 1)
    #expect(result.values.allSatisfy { $0.isNaN })
  }
}
