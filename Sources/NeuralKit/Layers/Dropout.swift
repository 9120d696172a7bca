import TensorKit

/// Sets elements to 0 at random in training and scales the rest, so that the mean stays (Srivastava et al. 2014).
/// Which ones depends on the seed, the step, the layer's name and the row's place in the step's batch alone.
///
/// ## Shapes
/// `[N, ...]` → the same
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
    pass.isTraining && rate > 0 ? x * pass.dropMask(x.shape, rate: rate, for: name) : x
  }
}

extension ForwardPass {
  /// 0 with probability `rate`, else 1 / (1 - rate).
  func dropMask(_ shape: [Int], rate: Float, for layer: String) -> Tensor {
    let perRow = shape.dropFirst().reduce(1, *)
    let start = random(for: layer)
    let kept = rate < 1 ? 1 / (1 - rate) : 0
    return Tensor(shape) { buffer in
      for row in 0..<(shape.first ?? 1) {
        var random = start.advanced(by: (firstRow + row * rowStride) * perRow)
        for index in row * perRow..<(row + 1) * perRow { buffer[index] = random.uniform() < rate ? 0 : kept }
      }
    }
  }
}
