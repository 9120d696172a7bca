import TensorKit

/// Sets elements to 0 at random in training and scales the rest, so that the mean stays (Srivastava et al. 2014).
/// Which ones depends on the seed, the step and the layer's name alone.
///
/// ## Shapes
/// any → the same
public struct Dropout {
  private let rate: Float
  private let name: String

  /// - Parameter rate: the share that is dropped, 0..<1.
  public init(_ rate: Float, in scope: ParameterScope) {
    self.rate = rate
    name = "dropout " + scope.path
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    pass.isTraining && rate > 0 ? x * Dropout.mask(x.shape, rate, pass.random(for: name)) : x
  }

  /// 0 with probability `rate`, else 1 / (1 - rate).
  static func mask(_ shape: [Int], _ rate: Float, _ random: RandomSource) -> Tensor {
    var random = random
    let kept = rate < 1 ? 1 / (1 - rate) : 0
    return Tensor(shape) { buffer in
      for index in buffer.indices { buffer[index] = random.uniform() < rate ? 0 : kept }
    }
  }
}

/// Leaves a residual branch out for whole samples at random in training (stochastic depth, Huang et al. 2016).
///
/// ## Shapes
/// `[N, ...]` → the same
public struct DropPath {
  private let rate: Float
  private let name: String

  /// - Parameter rate: the share that is dropped, 0..<1.
  public init(_ rate: Float, in scope: ParameterScope) {
    self.rate = rate
    name = "drop path " + scope.path
  }

  /// See the type's shapes.
  public func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    guard pass.isTraining, rate > 0 else { return x }
    let shape = [x.shape[0]] + Array(repeating: 1, count: x.rank - 1)
    return x * Dropout.mask(shape, rate, pass.random(for: name))
  }
}
