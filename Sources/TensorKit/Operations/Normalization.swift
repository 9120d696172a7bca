import CKernels

/// A batch-normalised tensor with the statistics that made it.
public struct BatchNormalized: Sendable {
  public let output: Tensor
  /// Per channel, `[C]`.
  public let mean: Tensor
  /// Per channel, biased (divided by the number of values), `[C]`.
  public let variance: Tensor
}

extension Tensor {
  /// Each channel brought to mean 0 and variance 1 over the batch, then scaled and shifted (Ioffe and Szegedy 2015).
  ///
  /// ## Shapes
  /// self `[..., C]`, scale and offset `[C]`
  public func batchNormalized(scale: Tensor, offset: Tensor, epsilon: Float) -> BatchNormalized {
    let columns = scale.count, rows = count / max(columns, 1)
    require(
      shape.last == columns && offset.count == columns
        ? nil : ShapeIssue("batch norm", "\(shape)", "scale \(scale.shape), offset \(offset.shape)"))
    let input = detached, factors = scale.detached
    let mean = Profile.asOne { columnSums(columns).detached / Float(rows) }
    let variance = Tensor(uninitialized: [columns])
    Self.sumsOverRows(rows, width: columns, into: variance.pointer) { sums, range in
      arbex_column_square_sums(
        sums, input.pointer + range.lowerBound * columns, mean.pointer, range.count, columns)
    }
    arbex_scale(variance.pointer, variance.pointer, 1 / Float(rows), columns)
    let inverse = Profile.asOne { 1 / (variance + epsilon).squareRoot() }
    let output = Profile.asOne { input.scaledRows(factors * inverse, offset.detached - mean * factors * inverse) }
    let wants = (isTracked, scale.isTracked, offset.isTracked)
    let recorded = output.recorded(from: [self, scale, offset], operation: "batch norm") { gradient in
      let sums = Tensor(uninitialized: [2, columns])
      Self.sumsOverRows(rows, width: 2 * columns, into: sums.pointer) { both, range in
        let start = range.lowerBound * columns
        arbex_normalization_sums(
          both, both + columns, gradient.pointer + start, input.pointer + start, mean.pointer, inverse.pointer,
          range.count, columns)
      }
      var inputGradient: Tensor?
      if wants.0 {
        let made = gradient.recycled()
        Parallel.forEachBlock(of: rows, size: max(16, (1 << 15) / columns)) {
          let start = $0.lowerBound * columns
          arbex_batch_norm_gradient(
            made.pointer + start, gradient.pointer + start, input.pointer + start, mean.pointer, inverse.pointer,
            factors.pointer, sums.pointer, sums.pointer + columns, Float(rows), $0.count, columns)
        }
        inputGradient = made
      }
      return [
        inputGradient, wants.1 ? sums.sliced(along: 0, from: 1, count: 1).reshaped([columns]) : nil,
        wants.2 ? sums.sliced(along: 0, from: 0, count: 1).reshaped([columns]) : nil,
      ]
    }
    return BatchNormalized(output: recorded, mean: mean, variance: variance)
  }

  /// The same with given statistics, as in evaluation.
  public func normalized(mean: Tensor, variance: Tensor, scale: Tensor, offset: Tensor, epsilon: Float) -> Tensor {
    let columns = scale.count, rows = count / max(columns, 1)
    require(shape.last == columns ? nil : ShapeIssue("batch norm", "\(shape)", "scale \(scale.shape)"))
    let input = detached, factors = scale.detached, center = mean.detached
    let inverse = Profile.asOne { 1 / (variance.detached + epsilon).squareRoot() }
    let gain = Profile.asOne { factors * inverse }
    let result = Profile.asOne { input.scaledRows(gain, offset.detached - center * gain) }
    let wants = (isTracked, scale.isTracked, offset.isTracked)
    return result.recorded(from: [self, scale, offset], operation: "batch norm, stored") { gradient in
      var scaleGradient: Tensor?
      if wants.1 {
        let sums = Tensor(uninitialized: [2, columns])
        Self.sumsOverRows(rows, width: 2 * columns, into: sums.pointer) { both, range in
          let start = range.lowerBound * columns
          arbex_normalization_sums(
            both, both + columns, gradient.pointer + start, input.pointer + start, center.pointer, inverse.pointer,
            range.count, columns)
        }
        scaleGradient = sums.sliced(along: 0, from: 1, count: 1).reshaped([columns])
      }
      return [wants.0 ? gradient * gain : nil, scaleGradient, wants.2 ? gradient.columnSums(columns) : nil]
    }
  }

  /// Rows times `factor` plus `offset`, both `[C]`. Not recorded.
  func scaledRows(_ factor: Tensor, _ offset: Tensor) -> Tensor {
    let columns = factor.count
    let result = Tensor(uninitialized: shape)
    Parallel.forEachBlock(of: count / columns, size: max(16, (1 << 15) / columns)) {
      let start = $0.lowerBound * columns
      arbex_scale_offset_rows(
        result.pointer + start, pointer + start, factor.pointer, offset.pointer, $0.count, columns)
    }
    return result
  }

  /// Each row brought to mean 0 and variance 1, then scaled and shifted (Ba, Kiros and Hinton 2016).
  ///
  /// ## Shapes
  /// self `[..., D]`, scale and offset `[D]`
  public func layerNormalized(scale: Tensor, offset: Tensor, epsilon: Float) -> Tensor {
    let columns = scale.count, rows = count / max(columns, 1)
    require(
      shape.last == columns && offset.count == columns
        ? nil : ShapeIssue("layer norm", "\(shape)", "scale \(scale.shape), offset \(offset.shape)"))
    let result = Tensor(uninitialized: shape)
    let (mean, inverse) = (Tensor(uninitialized: [rows]), Tensor(uninitialized: [rows]))
    let input = detached, factors = scale.detached
    Parallel.forEachBlock(of: rows, size: max(4, (1 << 14) / columns)) {
      let start = $0.lowerBound * columns
      arbex_layer_norm(
        result.pointer + start, mean.pointer + $0.lowerBound, inverse.pointer + $0.lowerBound, input.pointer + start,
        factors.pointer, offset.pointer, epsilon, $0.count, columns)
    }
    let wants = (isTracked, scale.isTracked, offset.isTracked)
    return result.recorded(from: [self, scale, offset], operation: "layer norm") { gradient in
      let inputGradient = gradient.recycled()
      let sums = Tensor(uninitialized: [2, columns])
      Self.sumsOverRows(rows, width: 2 * columns, into: sums.pointer) { both, range in
        let start = range.lowerBound * columns
        arbex_layer_norm_gradient(
          inputGradient.pointer + start, both, both + columns, gradient.pointer + start, input.pointer + start,
          mean.pointer + range.lowerBound, inverse.pointer + range.lowerBound, factors.pointer, range.count, columns)
      }
      return [
        wants.0 ? inputGradient : nil, wants.1 ? sums.sliced(along: 0, from: 0, count: 1).reshaped([columns]) : nil,
        wants.2 ? sums.sliced(along: 0, from: 1, count: 1).reshaped([columns]) : nil,
      ]
    }
  }
}
