import TensorKit

/// y = x Wᵀ + b.
///
/// ## Shapes
/// `[..., inputs]` → `[..., outputs]`; parameters `weight` `[outputs, inputs]`, `bias` `[outputs]`
public struct Linear {
  let weight: Parameter
  let bias: Parameter?
  private let cache = KernelCache()

  /// - Parameter initializer: PyTorch's default where nil; with another, biases start at 0.
  public init(
    from inputs: Int, to outputs: Int, bias: Bool = true, initializer: Initializer? = nil,
    in scope: ParameterScope
  ) {
    weight = scope.parameter("weight", [outputs, inputs], initializer ?? .pytorchDefault(fanIn: inputs))
    self.bias =
      bias
      ? scope.parameter("bias", [outputs], initializer == nil ? .pytorchDefault(fanIn: inputs) : .zeros) : nil
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    guard x.isTracked || pass.records(weight, bias) else {
      return x.linear(kernel: cache.kernel(of: weight), bias: bias?.value, precision: pass.precision)
    }
    cache.forget()
    return x.linear(weight: pass[weight], bias: bias.map { pass[$0] })
  }
}
