import CKernels

/// A batch norm with its statistics (Ioffe and Szegedy 2015):
///
///     y = scale · (x - mean) / √(variance + ε) + offset
///
/// Knowing them it is a gain and an offset per channel, which whatever reads x can apply: so y need not be kept for the
/// backward pass, and often is not even written.
public struct BatchNormalization {
  /// Per channel, `[C]`.
  public let mean: Tensor
  /// Per channel, biased (divided by the number of values), `[C]`.
  public let variance: Tensor
  /// How many values of a channel the statistics are of, on all processes that share the batch; 0 for given ones.
  package let valueCount: Int
  let scale, offset: Tensor
  let epsilon: Float
  private let inverse: Tensor
  /// y = gain x + shift
  let gain, shift: Tensor

  /// With the statistics of `x`: of the whole batch, where other processes hold the rest of it.
  ///
  /// ## Shapes
  /// x `[..., C]`, scale and offset `[C]`
  public init(over x: Tensor, scale: Tensor, offset: Tensor, epsilon: Float) {
    let columns = scale.count, rows = x.count / max(columns, 1)
    require(Self.issue(x.shape, scale.shape, offset.shape))
    let input = x.detached
    let total = x.shards?.totalRows(rows) ?? rows
    func mean(_ sums: Tensor) -> Tensor {
      Profile.asOne { sums.summedOverProcesses(of: input) / Float(total) }
    }
    let center = mean(input.columnSums(columns))
    let variance = mean(
      Tensor.sumsOverRows(rows, of: input, shape: [columns]) { sums, range in
        arbex_column_square_sums(
          sums, input.pointer + range.lowerBound * columns, center.pointer, range.count, columns)
      })
    self.init(center, variance, scale, offset, epsilon, valueCount: total)
    _ = center.recorded(from: [], operation: "batch norm") { _ in [] }
  }

  /// With given statistics, as in evaluation.
  public init(mean: Tensor, variance: Tensor, scale: Tensor, offset: Tensor, epsilon: Float) {
    self.init(mean.detached, variance.detached, scale, offset, epsilon, valueCount: 0)
  }

  private init(
    _ mean: Tensor, _ variance: Tensor, _ scale: Tensor, _ offset: Tensor, _ epsilon: Float,
    valueCount: Int
  ) {
    (self.mean, self.variance, self.scale, self.offset) = (mean, variance, scale, offset)
    self.epsilon = epsilon
    self.valueCount = valueCount
    let (inverse, gain, shift) = Profile.asOne {
      let inverse = 1 / (variance + epsilon).squareRoot(), gain = scale.detached * inverse
      return (inverse, gain, offset.detached - mean * gain)
    }
    (self.inverse, self.gain, self.shift) = (inverse, gain, shift)
  }

  /// Without a history, for a backward pass to keep.
  var constant: BatchNormalization { BatchNormalization(copy: self) }

  private init(copy: BatchNormalization) {
    (mean, variance, inverse, gain, shift) = (copy.mean, copy.variance, copy.inverse, copy.gain, copy.shift)
    (scale, offset, valueCount) = (copy.scale.detached, copy.offset.detached, copy.valueCount)
    epsilon = copy.epsilon
  }

  /// Whether its statistics are given ones, which follow no batch.
  var isStored: Bool { valueCount == 0 }
  /// Whether the statistics are x's own, so that gradients flow through them too.
  private var followsBatch: Bool { !isStored }

  /// What a ``Profile`` calls it.
  var name: StaticString { followsBatch ? "batch norm" : "batch norm, stored" }

  /// Whose gradients are wanted.
  struct Wanted {
    let input, scale, offset: Bool

    init(_ input: Tensor, _ norm: BatchNormalization?) {
      self.input = input.isTracked
      (scale, offset) = (norm?.scale.isTracked ?? false, norm?.offset.isTracked ?? false)
    }

    var isAnything: Bool { input || scale || offset }
  }

  /// Whether its gradients can take an activation behind it along, in the same passes over memory.
  var absorbsActivation: Bool { followsBatch }

  /// The gradients of input, scale and offset from that of the result, which is overwritten where nobody shares it.
  /// - Parameter activation: where ``absorbsActivation``: `flow` is the gradient of what it made of the result.
  func gradients(
    _ flow: inout Tensor, _ input: Tensor, _ wanted: Wanted, behind activation: ConvolutionPrologue? = nil
  ) -> [Tensor?] {
    let columns = gain.count, rows = input.count / max(columns, 1)
    let bend = activation?.kernelArgument ?? arbex_prologue()
    guard wanted.scale || followsBatch else {
      return [wanted.input ? flow * gain : nil, nil, wanted.offset ? flow.columnSums(columns) : nil]
    }
    let sums = Tensor.sumsOverRows(rows, of: flow, shape: [2, columns]) { both, range in
      let start = range.lowerBound * columns
      arbex_normalization_sums(
        both, both + columns, flow.pointer + start, input.pointer + start, mean.pointer, inverse.pointer,
        bend, range.count, columns)
    }
    return [
      wanted.input ? inputGradient(&flow, input, sums, bend) : nil,
      wanted.scale ? sums.sum(1) : nil,
      wanted.offset ? sums.sum(0) : nil,
    ]
  }

  private func inputGradient(
    _ flow: inout Tensor, _ input: Tensor, _ sums: Tensor, _ bend: arbex_prologue
  ) -> Tensor {
    guard followsBatch else { return flow * gain }
    let columns = gain.count, rows = input.count / max(columns, 1)
    let sums = sums.summedOverProcesses(of: flow), made = flow.recycled()
    Parallel.forEachBlock(of: rows, size: max(16, (1 << 15) / columns)) {
      let start = $0.lowerBound * columns
      arbex_batch_norm_gradient(
        made.pointer + start, flow.pointer + start, input.pointer + start, mean.pointer, inverse.pointer,
        scale.pointer, sums.pointer, sums.pointer + columns, Float(valueCount), bend, $0.count, columns)
    }
    return made
  }

  static func issue(_ input: [Int], _ scale: [Int], _ offset: [Int]) -> ShapeIssue? {
    input.last == scale.elementCount && scale == offset
      ? nil : ShapeIssue("batch norm", "\(input)", "scale \(scale), offset \(offset)")
  }
}

extension Tensor {
  /// Each channel scaled and shifted by a batch norm.
  ///
  /// ## Shapes
  /// self `[..., C]` → the same
  /// - Parameter addend: of the result's shape, added in the same pass over memory.
  public func normalized(by norm: BatchNormalization, adding addend: Tensor? = nil) -> Tensor {
    require(BatchNormalization.issue(shape, norm.scale.shape, norm.offset.shape))
    require(
      addend?.shape ?? shape == shape, "batch norm", "\(shape)", "an addend of shape \(addend?.shape ?? [])")
    if isTraced || addend?.isTraced ?? false, let addend { return normalized(by: norm) + addend }
    var pass = ConvolutionEpilogue()
    (pass.gain, pass.offset, pass.addend) = (norm.gain, norm.shift, addend?.detached)
    let input = detached, constant = norm.constant
    let wanted = BatchNormalization.Wanted(self, norm), wantsAddend = addend?.isTracked ?? false
    return pass.applied(to: input).recorded(
      from: [self, norm.scale, norm.offset] + (addend.map { [$0] } ?? []), operation: norm.name,
      as: norm.isStored ? .batchNormalization(epsilon: norm.epsilon) : nil,
      of: [self, norm.scale, norm.offset, norm.mean, norm.variance]
    ) { gradient in
      let passedOn = wantsAddend ? gradient : nil
      return constant.gradients(&gradient, input, wanted) + (addend == nil ? [] : [passedOn])
    }
  }
}
