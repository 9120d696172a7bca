/// Two convolutions one after another, with nothing between them, are one: its kernel reaches further, its stride is the
/// product of theirs.
///
///     w₂ * (w₁ * x + b₁) + b₂ = w * x + o,    w[s₁ a + b] = Σ_m w₂[a, m] w₁[m, b],    o = w₂ * b₁ + b₂
///
/// a and b are positions in both kernels, s₁ the first one's stride, m the channels between them. o is a map of the
/// result's size: at the border the second convolution sees padding in place of b₁.
package struct ComposedConvolution: Sendable {
  /// What both convolutions are made of.
  package struct Part: Sendable {
    let weight: Tensor
    let bias: Tensor?
    let stride, padding: Int

    /// - Parameter weight: `[out, kernel, kernel, in]`; bias `[out]`.
    package init(weight: Tensor, bias: Tensor?, stride: Int, padding: Int) {
      (self.weight, self.bias) = (weight.detached, bias?.detached)
      (self.stride, self.padding) = (stride, padding)
    }

    var kernel: Int { weight.shape[1] }
    func side(after side: Int) -> Int { (side + 2 * padding - kernel) / stride + 1 }
  }

  private let kernel: ConvolutionKernel
  private let offset: Tensor?
  private let stride, padding: Int
  /// Multiply-adds of both convolutions, one image.
  private let work: Int
  /// The maps that it is for, `[height, width]`.
  private let size: [Int]

  /// - Parameter size: height and width of the maps that it is for.
  /// - Returns: nil where it would take more multiply-adds than one after another, or where the first convolution would
  ///   see the image from outside the map that the second one reads.
  package init?(_ first: Part, _ second: Part, size: [Int]) {
    guard size.count == 2, size.allSatisfy({ Self.isPossible(first, second, $0) }) else { return nil }
    let work = Self.work(first, second, size)
    guard work.composed < work.apart else { return nil }
    (self.size, self.work) = (size, work.apart)
    (stride, padding) = (first.stride * second.stride, second.padding * first.stride + first.padding)
    kernel = ConvolutionKernel(Self.kernel(first, second))
    let between = first.bias.map {
      $0.reshaped([1, 1, 1, $0.count]).broadcast(
        to: [1, first.side(after: size[0]), first.side(after: size[1]), $0.count]
      ).convolved(weight: second.weight, stride: second.stride, padding: second.padding)
    }
    offset = second.bias.map { bias in between.map { $0 + bias } ?? bias } ?? between
  }

  /// `[N, height, width, in]` → `[N, ..., out]`. Not recorded.
  /// - Returns: nil for maps of another size than it was made for.
  package func callAsFunction(_ x: Tensor, precision: Precision = .float32) -> Tensor? {
    guard x.shape[1...2] == size[...] else { return nil }
    let result = x.convolved(
      kernel: kernel, stride: stride, padding: padding, prologue: nil, epilogue: ConvolutionEpilogue(),
      precision: precision, work: x.shape[0] * work)
    return offset.map { result + $0 } ?? result
  }

  /// Beyond the map between them the second convolution sees zeros. So must the composed one: what the first would make
  /// there has to come from padding alone.
  private static func isPossible(_ first: Part, _ second: Part, _ side: Int) -> Bool {
    let between = first.side(after: side)
    guard side >= 1, between >= 1, between + 2 * second.padding >= second.kernel else { return false }
    let last = (second.side(after: between) - 1) * second.stride - second.padding + second.kernel - 1
    let before = second.padding == 0 || first.kernel - 1 - first.padding - first.stride < 0
    return before && (last < between || between * first.stride - first.padding >= side)
  }

  private static func work(_ first: Part, _ second: Part, _ size: [Int]) -> (apart: Int, composed: Int) {
    let between = size.map(first.side).reduce(1, *),
      after = size.map { second.side(after: first.side(after: $0)) }
    let outputs = after.reduce(1, *), reach = (second.kernel - 1) * first.stride + first.kernel
    return (
      between * first.weight.count + outputs * second.weight.count,
      outputs * reach * reach * first.weight.shape[3] * second.weight.shape[0]
    )
  }

  private static func kernel(_ first: Part, _ second: Part) -> Tensor {
    let (outputs, channels, inputs) = (second.weight.shape[0], second.weight.shape[3], first.weight.shape[3])
    let (k1, k2) = (first.kernel, second.kernel), reach = (k2 - 1) * first.stride + k1
    let products = second.weight.permuted([1, 2, 0, 3]).reshaped([k2 * k2, outputs, channels])
      .matmul(first.weight.reshaped([channels, k1 * k1 * inputs]))  // [k2 k2, outputs, k1 k1 inputs]
    let result = Tensor.zeros([outputs, reach, reach, inputs])
    Parallel.forEachBlock(of: outputs, size: 16) {
      for output in $0 {
        for a in 0..<k2 * k2 {
          for b in 0..<k1 * k1 {
            let row = a / k2 * first.stride + b / k1, column = a % k2 * first.stride + b % k1
            let to = result.pointer + ((output * reach + row) * reach + column) * inputs
            let from = products.pointer + ((a * outputs + output) * k1 * k1 + b) * inputs
            for input in 0..<inputs { to[input] += from[input] }
          }
        }
      }
    }
    return result
  }
}
