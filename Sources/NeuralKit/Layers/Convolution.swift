import TensorKit

/// Two-dimensional convolution.
///
/// ## Shapes
/// `[N, H, W, inputs]` → `[N, (H + 2 padding - kernel) / stride + 1, ..., outputs]`; parameters `weight`
/// `[outputs, kernel, kernel, inputs / groups]` (in files `[outputs, inputs / groups, kernel, kernel]`), `bias`
/// `[outputs]`
public struct Convolution {
  private let weight: Parameter
  private let bias: Parameter?
  private let stride, padding, groups: Int

  /// - Parameter initializer: PyTorch's default where nil; with another, biases start at 0.
  public init(
    from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1,
    bias: Bool = false, initializer: Initializer? = nil, in scope: ParameterScope
  ) {
    let fanIn = kernel * kernel * inputs / groups
    weight = scope.parameter(
      "weight", [outputs, kernel, kernel, inputs / groups], initializer ?? .pytorchDefault(fanIn: fanIn),
      fileLayout: .convolution)
    self.bias = bias
      ? scope.parameter("bias", [outputs], initializer == nil ? .pytorchDefault(fanIn: fanIn) : .zeros) : nil
    (self.stride, self.padding, self.groups) = (stride, padding, groups)
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    x.convolved(weight: pass[weight], bias: bias.map { pass[$0] }, stride: stride, padding: padding, groups: groups)
  }
}
