import CKernels

extension Tensor {
  /// x where positive, else slope * x (He et al. 2015).
  ///
  /// ## Shapes
  /// self `[..., C]`, slope `[C]` → `[..., C]`
  public func prelu(slope: Tensor) -> Tensor { prelu(slope: slope, after: nil) }

  /// The same behind a batch norm, in one pass over memory; only the map before the norm is kept.
  package func prelu(slope: Tensor, after norm: BatchNormalization?) -> Tensor {
    require(shape.last == slope.count && slope.rank == 1, "prelu", "\(shape)", "slope \(slope.shape)")
    if isTraced, let norm { return normalized(by: norm).prelu(slope: slope) }
    let activation = NormalizedActivation(of: self, norm: norm, slope: slope)
    let input = detached
    return activation.prologue.applied(to: input).recorded(
      from: [self] + activation.parameters, operation: norm == nil ? "prelu" : "batch norm, prelu",
      as: norm == nil ? .prelu : nil
    ) { [parts = activation.constant] gradient in
      parts.gradients(&gradient, input)
    }
  }
}

/// Batch norm and activation of a map, which whatever reads it applies, and their gradients from the map alone.
struct NormalizedActivation {
  private let norm: BatchNormalization?
  private let slope: Tensor?
  private let wanted: BatchNormalization.Wanted
  private let wantsSlope: Bool

  init(of map: Tensor, norm: BatchNormalization?, slope: Tensor?) {
    (self.norm, self.slope) = (norm, slope)
    wanted = BatchNormalization.Wanted(map, norm)
    wantsSlope = slope?.isTracked ?? false
  }

  var prologue: ConvolutionPrologue {
    ConvolutionPrologue(gain: norm?.gain, offset: norm?.shift, slope: slope)
  }

  /// Scale, offset and slope, as far as there are any.
  var parameters: [Tensor] { [norm?.scale, norm?.offset, slope].compactMap(\.self) }
  /// Whether any of them is wanted.
  var wantsGradients: Bool { wanted.isAnything || wantsSlope }

  /// Without a history, for a backward pass to keep.
  var constant: NormalizedActivation { NormalizedActivation(copy: self) }

  private init(copy: NormalizedActivation) {
    (norm, slope) = (copy.norm?.constant, copy.slope?.detached)
    (wanted, wantsSlope) = (copy.wanted, copy.wantsSlope)
  }

  /// The gradients of the map and of ``parameters``.
  /// - Parameter flow: the gradient of the normalized map; overwritten where nobody shares it.
  func gradients(_ flow: inout Tensor, _ map: Tensor) -> [Tensor?] {
    if let norm, slope != nil, !wantsSlope, norm.absorbsActivation {
      return norm.gradients(&flow, map, wanted, behind: prologue) + [nil]
    }
    var slopes: Tensor?
    if let slope { slopes = activationGradient(&flow, map, slope) }
    let before = norm?.gradients(&flow, map, wanted) ?? [wanted.input ? flow : nil]
    return before + (slope == nil ? [] : [slopes])
  }

  /// The gradient of what the activation was given takes the place of its result's.
  /// - Returns: the slope's.
  private func activationGradient(_ flow: inout Tensor, _ map: Tensor, _ slope: Tensor) -> Tensor? {
    let columns = slope.count, rows = map.count / max(columns, 1), argument = prologue.kernelArgument
    let made = wanted.isAnything ? flow.recycled() : nil
    let slopes = Tensor.sumsOverRows(rows, of: flow, shape: [columns]) { sums, range in
      let start = range.lowerBound * columns
      arbex_prelu_gradient(
        made.map { $0.pointer + start }, wantsSlope ? sums : nil, flow.pointer + start, map.pointer + start,
        argument, range.count, columns)
    }
    if let made { flow = made }
    return wantsSlope ? slopes : nil
  }
}
