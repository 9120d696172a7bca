import CKernels

/// A 1x1 convolution that moves pixel by pixel: a matrix product over pixels.
struct PointwiseConvolution: DifferentiableConvolution {
  let sizes: ConvolutionShape
  var name: StaticString = "convolution, 1x1"
  var packing: WeightPacking { .matrices(groups: 1) }

  /// A packed matrix `[inputs, outputs]`.
  func packed(_ weight: Tensor) -> Tensor { PatchConvolution(sizes).packed(weight) }

  func forward(
    _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?, _ epilogue: ConvolutionEpilogue
  ) -> Tensor {
    let input = prologue?.applied(to: input) ?? input
    let (inputs, outputs, rows) = (
      sizes.window.channels, sizes.outputs, sizes.outputRows * sizes.window.outWidth
    )
    let result = Tensor(uninitialized: input.shape.dropLast() + [outputs])
    // Large weights are read for as many rows as there are pieces for all threads.
    let least = inputs * outputs > 1 << 18 ? MatrixProduct.blockSize(rows, pieces: 8, smallest: 64) : 64
    let size = max(least, min(512, (1 << 17) / outputs))
    if rows <= 4 * size {
      MatrixProduct.byColumns(
        BLAS.Matrix(pointer: input.pointer, stride: inputs), packed: kernel.pointer, into: result.pointer,
        rows: rows, columns: outputs, depth: inputs)
      epilogue.apply(to: result)
      return result
    }
    Parallel.forEachBlock(of: rows, size: size) {
      let target = result.pointer + $0.lowerBound * outputs
      BLAS.multiply(
        BLAS.Matrix(pointer: input.pointer + $0.lowerBound * inputs, stride: inputs),
        BLAS.packed(kernel.pointer, columns: outputs, depth: inputs), into: target, stride: outputs,
        rows: $0.count, columns: outputs, depth: inputs)
      epilogue.apply(to: target, firstRow: $0.lowerBound, rows: $0.count, columns: outputs)
    }
    return result
  }

  func inputGradient(_ gradient: Tensor, _ weight: Tensor) -> Tensor {
    let (inputs, outputs) = (sizes.window.channels, sizes.outputs)
    let result = Tensor(uninitialized: gradient.shape.dropLast() + [inputs])
    MatrixProduct.compute(
      BLAS.Matrix(pointer: gradient.pointer, stride: outputs),
      BLAS.Matrix(pointer: weight.pointer, stride: inputs),
      into: result.pointer, stride: inputs, rows: gradient.count / outputs, columns: inputs, depth: outputs)
    return result
  }

  func weightGradient(
    _ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?, keeping: Bool
  ) -> Tensor {
    let input = prologue?.applied(to: input) ?? input
    let (inputs, outputs) = (sizes.window.channels, sizes.outputs)
    return MatrixProduct.overBatch(
      BLAS.Matrix(pointer: gradient.pointer, stride: outputs, transposed: true),
      BLAS.Matrix(pointer: input.pointer, stride: inputs), rows: outputs, columns: inputs,
      depth: gradient.count / outputs, of: gradient, shape: [outputs, 1, 1, inputs], keeping: keeping)
  }
}
