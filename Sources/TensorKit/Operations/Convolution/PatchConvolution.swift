import CKernels

/// Patches of the input as rows of a matrix, block by block, times the weights.
struct PatchConvolution: DifferentiableConvolution {
  let sizes: ConvolutionShape
  var name: StaticString { "convolution, patches" }
  var packing: WeightPacking { .matrices(groups: sizes.groups) }

  init(_ sizes: ConvolutionShape) { self.sizes = sizes }

  /// For each group a packed matrix `[depth, outputs of a group]`.
  func packed(_ weight: Tensor) -> Tensor {
    let (columns, depth) = (sizes.groupOutputs, sizes.depth)
    let packed = Tensor(uninitialized: [sizes.groups, BLAS.packedCount(columns: columns, depth: depth)])
    for group in 0..<sizes.groups {
      BLAS.pack(
        BLAS.Matrix(pointer: weight.pointer + group * columns * depth, stride: depth, transposed: true),
        columns: columns, depth: depth, into: packed.pointer + group * packed.shape[1])
    }
    return packed
  }

  func forward(
    _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?, _ epilogue: ConvolutionEpilogue
  ) -> Tensor {
    let input = prologue?.applied(to: input) ?? input
    let window = sizes.window
    let result = Tensor(uninitialized: [sizes.images, window.outHeight, window.outWidth, sizes.outputs])
    let rowsPerBlock = sizes.rowsPerBlock
    if sizes.groups == 1, sizes.outputRows <= 3 * rowsPerBlock {
      fewPixels(input, kernel, into: result)
      epilogue.apply(to: result)
      return result
    }
    Parallel.forEachBlock(of: sizes.outputRows, size: rowsPerBlock) { rows in
      let pixels = rows.count * window.outWidth,
        target = result.pointer + rows.lowerBound * window.outWidth * sizes.outputs
      withScratch(pixels * sizes.depth) { patches in
        for group in 0..<sizes.groups {
          arbex_gather_patches(
            patches, input.pointer, window, rows.lowerBound, rows.count, group * sizes.groupInputs,
            sizes.groupInputs, 0, sizes.taps)
          BLAS.multiply(
            BLAS.Matrix(pointer: patches, stride: sizes.depth),
            BLAS.packed(
              kernel.pointer + group * kernel.shape[1], columns: sizes.groupOutputs, depth: sizes.depth),
            into: target + group * sizes.groupOutputs, stride: sizes.outputs, rows: pixels,
            columns: sizes.groupOutputs, depth: sizes.depth)
        }
      }
      epilogue.apply(
        to: target, firstRow: rows.lowerBound * window.outWidth, rows: pixels, columns: sizes.outputs)
    }
    return result
  }

  /// Few pixels are cut by output channels, so that there is work for several threads.
  private func fewPixels(_ input: Tensor, _ kernel: Tensor, into result: Tensor) {
    let window = sizes.window, pixels = sizes.outputRows * window.outWidth
    withScratch(pixels * sizes.depth) { patches in
      nonisolated(unsafe) let patches = patches
      Parallel.forEachBlock(of: sizes.outputRows, size: (sizes.outputRows + 7) / 8) {
        arbex_gather_patches(
          patches + $0.lowerBound * window.outWidth * sizes.depth, input.pointer, window, $0.lowerBound,
          $0.count, 0, window.channels, 0, sizes.taps)
      }
      MatrixProduct.byColumns(
        BLAS.Matrix(pointer: patches, stride: sizes.depth), packed: kernel.pointer, into: result.pointer,
        rows: pixels, columns: sizes.outputs, depth: sizes.depth)
    }
  }

  func inputGradient(_ gradient: Tensor, _ weight: Tensor) -> Tensor {
    let window = sizes.window, reach = (window.kernelHeight - 1) * window.dilation
    if window.stride == 1, sizes.groups == 1, window.kernelHeight == window.kernelWidth,
      window.padding <= reach
    {
      return gradient.detached.convolved(
        weight: rotated(weight), padding: reach - window.padding, dilation: window.dilation)
    }
    let result = Tensor.zeros([sizes.images, window.height, window.width, window.channels])
    let rowsPerBlock = sizes.rowsPerBlock
    Parallel.forEach(sizes.images) { image in
      withScratch(rowsPerBlock * window.outWidth * sizes.depth) { patches in
        for first in stride(from: 0, to: window.outHeight, by: rowsPerBlock) {
          let rows = min(rowsPerBlock, window.outHeight - first), pixels = rows * window.outWidth
          let flow = gradient.pointer + (image * window.outHeight + first) * window.outWidth * sizes.outputs
          for group in 0..<sizes.groups {
            BLAS.multiply(
              BLAS.Matrix(pointer: flow + group * sizes.groupOutputs, stride: sizes.outputs),
              BLAS.Matrix(
                pointer: weight.pointer + group * sizes.groupOutputs * sizes.depth, stride: sizes.depth),
              into: patches, stride: sizes.depth, rows: pixels, columns: sizes.depth,
              depth: sizes.groupOutputs)
            arbex_scatter_patches(
              result.pointer + image * window.height * window.width * window.channels, patches, window, first,
              rows, group * sizes.groupInputs, sizes.groupInputs)
          }
        }
      }
    }
    return result
  }

  /// The kernel that carries gradients back: rotated by 180 degrees, inputs and outputs exchanged.
  private func rotated(_ weight: Tensor) -> Tensor {
    let (outputs, inputs, taps) = (sizes.outputs, sizes.window.channels, sizes.taps)
    let result = Tensor(uninitialized: [inputs, sizes.window.kernelHeight, sizes.window.kernelWidth, outputs])
    Parallel.forEachBlock(of: inputs, size: 16) { range in
      for input in range {
        for tap in 0..<taps {
          let target = result.pointer + (input * taps + taps - 1 - tap) * outputs
          for output in 0..<outputs {
            target[output] = weight.pointer[(output * taps + tap) * inputs + input]
          }
        }
      }
    }
    return result
  }

  func weightGradient(
    _ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?, keeping: Bool
  ) -> Tensor {
    let input = prologue?.applied(to: input) ?? input
    let result = SumOverShards.result(
      [sizes.outputs, sizes.window.kernelHeight, sizes.window.kernelWidth, sizes.groupInputs],
      rows: sizes.outputRows, of: gradient, keeping: keeping)
    let sum = SumOverShards(sizes.outputRows, of: gradient, into: result)
    if sizes.outputs * sizes.depth > 1 << 17 {
      addByTap(gradient, input, sum, into: result)
    } else {
      addByRows(gradient, input, sum, into: result)
    }
    return result
  }

  /// Large weights: each kernel position is a piece of work.
  private func addByTap(_ gradient: Tensor, _ input: Tensor, _ sum: SumOverShards, into result: Tensor) {
    Parallel.forEach(sizes.taps * sizes.groups) { piece in
      let group = piece % sizes.groups, tap = piece / sizes.groups
      sum.block(
        into: result.pointer + group * sizes.groupOutputs * sizes.depth + tap * sizes.groupInputs,
        stride: sizes.depth, rows: sizes.groupOutputs, columns: sizes.groupInputs,
        depth: { sum.ranges[$0].count * sizes.window.outWidth }
      ) { shard, target, stride, isAdding in
        multiply(
          gradient, input, sum.ranges[shard], group, tap..<tap + 1, into: target, stride: stride,
          isAdding: isAdding)
      }
    }
  }

  /// Small weights: each shard's rows are cut into at most four parts, which are added in order.
  private func addByRows(_ gradient: Tensor, _ input: Tensor, _ sum: SumOverShards, into result: Tensor) {
    let size = sizes.outputs * sizes.depth
    var parts: [Range<Int>] = [], starts: [Int] = []
    for range in sum.ranges {
      starts.append(parts.count)
      let count = min(4, max(1, range.count / 8)), length = (range.count + count - 1) / count
      parts += (0..<count).map {
        let first = range.lowerBound + $0 * length
        return min(first, range.upperBound)..<min(first + length, range.upperBound)
      }
    }
    starts.append(parts.count)
    withScratch(parts.count * size) { partial in
      nonisolated(unsafe) let partial = partial
      Parallel.forEach(parts.count * sizes.groups) { piece in
        let group = piece % sizes.groups, part = piece / sizes.groups
        multiply(
          gradient, input, parts[part], group, 0..<sizes.taps,
          into: partial + part * size + group * sizes.groupOutputs * sizes.depth, stride: sizes.depth)
      }
      Parallel.forEachBlock(of: size, size: 1 << 14) { range in
        sum.block(into: result.pointer + range.lowerBound, stride: size, rows: 1, columns: range.count) {
          shard, target, _, _ in
          let first = partial + starts[shard] * size + range.lowerBound
          target.update(from: first, count: range.count)
          for part in 1..<starts[shard + 1] - starts[shard] {
            arbex_add_into(target, first + part * size, range.count)
          }
        }
      }
    }
  }

  /// The weight gradient of one group and some kernel positions from some rows of the output.
  private func multiply(
    _ gradient: Tensor, _ input: Tensor, _ range: Range<Int>, _ group: Int, _ taps: Range<Int>,
    into target: UnsafeMutablePointer<Float>, stride: Int, isAdding: Bool = false
  ) {
    let window = sizes.window, width = taps.count * sizes.groupInputs
    let rowsPerBlock = max(1, min(2048, max(512, (1 << 20) / width)) / max(window.outWidth, 1))
    withScratch(rowsPerBlock * window.outWidth * width) { patches in
      for first in Swift.stride(
        from: range.lowerBound, to: max(range.upperBound, range.lowerBound + 1), by: rowsPerBlock)
      {
        let rows = max(0, min(rowsPerBlock, range.upperBound - first))
        arbex_gather_patches(
          patches, input.pointer, window, first, rows, group * sizes.groupInputs, sizes.groupInputs,
          taps.lowerBound, taps.count)
        BLAS.multiply(
          BLAS.Matrix(
            pointer: gradient.pointer + first * window.outWidth * sizes.outputs + group * sizes.groupOutputs,
            stride: sizes.outputs, transposed: true),
          BLAS.Matrix(pointer: patches, stride: width), into: target, stride: stride,
          rows: sizes.groupOutputs, columns: width, depth: rows * window.outWidth,
          accumulating: isAdding || first > range.lowerBound)
      }
    }
  }
}
