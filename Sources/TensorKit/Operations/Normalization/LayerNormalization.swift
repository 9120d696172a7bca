import CKernels

extension Tensor {
  /// Each row brought to mean 0 and variance 1, then scaled and shifted (Ba, Kiros and Hinton 2016).
  ///
  /// ## Shapes
  /// self `[..., D]`, scale and offset `[D]`
  public func layerNormalized(scale: Tensor, offset: Tensor, epsilon: Float) -> Tensor {
    let columns = scale.count, rows = count / max(columns, 1)
    require(
      shape.last == columns && offset.count == columns, "layer norm", "\(shape)",
      "scale \(scale.shape), offset \(offset.shape)")
    let result = Tensor(uninitialized: shape)
    let (mean, inverse) = (Tensor(uninitialized: [rows]), Tensor(uninitialized: [rows]))
    let input = detached, factors = scale.detached
    Parallel.forEachBlock(of: rows, size: max(4, (1 << 14) / columns)) {
      let start = $0.lowerBound * columns
      arbex_layer_norm(
        result.pointer + start, mean.pointer + $0.lowerBound, inverse.pointer + $0.lowerBound,
        input.pointer + start, factors.pointer, offset.pointer, epsilon, $0.count, columns)
    }
    let wants = (isTracked, scale.isTracked, offset.isTracked)
    return result.recorded(
      from: [self, scale, offset], operation: "layer norm", as: .layerNormalization(epsilon: epsilon)
    ) { gradient in
      let inputGradient = gradient.recycled()
      let sums = Self.sumsOverRows(rows, of: gradient, shape: [2, columns]) { both, range in
        let start = range.lowerBound * columns
        arbex_layer_norm_gradient(
          inputGradient.pointer + start, both, both + columns, gradient.pointer + start,
          input.pointer + start, mean.pointer + range.lowerBound, inverse.pointer + range.lowerBound,
          factors.pointer, range.count, columns)
      }
      return [
        wants.0 ? inputGradient : nil,
        wants.1 ? sums.sum(0) : nil,
        wants.2 ? sums.sum(1) : nil,
      ]
    }
  }
}
