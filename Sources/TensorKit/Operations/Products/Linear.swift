import CKernels

extension Tensor {
  /// y = x Wᵀ + b without a history.
  ///
  /// ## Shapes
  /// as ``linear(weight:bias:)``
  package func linear(kernel: ConvolutionKernel, bias: Tensor?, precision: Precision = .float32) -> Tensor {
    let (inputs, outputs) = (kernel.weight.shape[1], kernel.weight.shape[0])
    require(Self.linearIssue(shape, kernel.weight.shape, bias?.shape))
    let rows = count / max(inputs, 1)
    let sizes = ConvolutionShape(
      input: [1, 1, rows, inputs], weight: [outputs, 1, 1, inputs], stride: 1, padding: 0, groups: 1)
    let algorithm: any ConvolutionAlgorithm =
      precision == .bfloat16
      ? BFloat16Convolution(linear: sizes) : PointwiseConvolution(sizes: sizes, name: "linear")
    var epilogue = ConvolutionEpilogue()
    epilogue.offset = bias?.detached
    return algorithm.forward(detached, kernel.packed(for: algorithm), nil, epilogue)
      .recorded(from: [], operation: algorithm.name, work: rows * inputs * outputs) { _ in [] }
      .reshaped(shape.dropLast() + [outputs]).ofSameBatch(as: self)
  }

  private static func linearIssue(_ input: [Int], _ weight: [Int], _ bias: [Int]?) -> ShapeIssue? {
    let inputs = weight.last ?? 0, outputs = weight.elementCount / max(inputs, 1)
    return input.last == inputs && bias ?? [outputs] == [outputs]
      ? nil : ShapeIssue("linear", "\(input)", "weight \(weight), bias \(bias ?? [])")
  }

  /// y = x Wᵀ + b.
  ///
  /// ## Shapes
  /// self `[..., in]`, weight `[out, in]`, bias `[out]` → `[..., out]`
  public func linear(weight: Tensor, bias: Tensor?) -> Tensor {
    linear(weight: weight, bias: bias, operation: "linear")
  }

  /// The same, called `operation` in a ``Profile``.
  func linear(weight: Tensor, bias: Tensor?, operation: StaticString) -> Tensor {
    require(Self.linearIssue(shape, weight.shape, bias?.shape))
    let inputs = weight.shape[weight.rank - 1], outputs = weight.count / max(inputs, 1)
    let rows = count / max(inputs, 1)
    let result = Tensor(uninitialized: shape.dropLast() + [outputs])
    MatrixProduct.compute(
      BLAS.Matrix(pointer: pointer, stride: inputs),
      BLAS.Matrix(pointer: weight.pointer, stride: inputs, transposed: true),
      into: result.pointer, stride: outputs, rows: rows, columns: outputs, depth: inputs)
    if let bias {
      Parallel.forEachBlock(of: rows, size: max(16, (1 << 15) / outputs)) {
        arbex_add_row(result.pointer + $0.lowerBound * outputs, bias.pointer, $0.count, outputs)
      }
    }
    let (input, weights) = (detached, weight.detached)
    let wants = (isTracked, weight.isTracked, bias?.isTracked ?? false)
    return result.recorded(
      byShardFrom: [self, weight] + (bias.map { [$0] } ?? []), operation: operation,
      work: rows * inputs * outputs, as: .linear
    ) { gradient, isKept in
      var inputGradient: Tensor?, weightGradient: Tensor?
      let flow = BLAS.Matrix(pointer: gradient.pointer, stride: outputs)
      if wants.0 {
        let made = Tensor(uninitialized: input.shape)
        MatrixProduct.compute(
          flow, BLAS.Matrix(pointer: weights.pointer, stride: inputs), into: made.pointer, stride: inputs,
          rows: rows, columns: inputs, depth: outputs)
        inputGradient = made
      }
      if wants.1 {
        weightGradient = MatrixProduct.overBatch(
          BLAS.Matrix(pointer: gradient.pointer, stride: outputs, transposed: true),
          BLAS.Matrix(pointer: input.pointer, stride: inputs), rows: outputs, columns: inputs, depth: rows,
          of: gradient, shape: weights.shape, keeping: isKept(1))
      }
      return [inputGradient, weightGradient, wants.2 ? gradient.columnSums(outputs) : nil]
    }
  }
}
