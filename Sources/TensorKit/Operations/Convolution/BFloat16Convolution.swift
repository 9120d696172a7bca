import CKernels

/// Convolutions whose patches and weights are rounded to bfloat16, block by block, 1x1 convolutions and linear layers
/// among them: those have no patches to gather.
struct BFloat16Convolution: ConvolutionAlgorithm {
  let sizes: ConvolutionShape
  private let isLinear: Bool
  var name: StaticString {
    isLinear ? "linear, bf16" : sizes.isPointwise ? "convolution, 1x1, bf16" : "convolution, patches, bf16"
  }
  var packing: WeightPacking { .bfloat16Matrix }

  /// - Returns: nil where it does not apply: for groups and dilation, and for the three colours of an image, few and worth their bits.
  init?(_ sizes: ConvolutionShape) {
    guard sizes.groups == 1, sizes.isPointwise || sizes.window.channels % 2 == 0, sizes.window.dilation == 1
    else { return nil }
    (self.sizes, isLinear) = (sizes, false)
  }

  /// A linear layer, told as a 1x1 convolution.
  init(linear sizes: ConvolutionShape) { (self.sizes, isLinear) = (sizes, true) }

  private var columns: Int { sizes.outputs }
  private var depth: Int { sizes.depth }
  private var pixels: Int { sizes.outputRows * sizes.window.outWidth }

  /// Panels of `[depth, outputs]`.
  func packed(_ weight: Tensor) -> Tensor {
    let packed = Tensor(uninitialized: [BFloat16Matrix.packedFloats(columns: columns, depth: depth)])
    let target = BFloat16Matrix(packed.pointer, columns: depth)
    Parallel.forEachBlock(of: columns, size: BFloat16Matrix.panel * max(1, (1 << 10) / depth)) {
      arbex_bf16_pack(
        target.pointer + $0.lowerBound * target.stride, weight.pointer + $0.lowerBound * depth, 1, depth,
        depth, $0.count)
    }
    return packed
  }

  func forward(
    _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?, _ epilogue: ConvolutionEpilogue
  ) -> Tensor {
    let result = Tensor(
      uninitialized: [sizes.images, sizes.window.outHeight, sizes.window.outWidth, sizes.outputs])
    if sizes.isPointwise {
      multiply(kernel, epilogue, into: result, rowsPerBlock: max(64, min(512, (1 << 17) / columns))) {
        rows, left in
        left.convert(
          input.pointer + rows.lowerBound * depth, stride: depth, count: rows.count, columns: depth, prologue)
      }
    } else {
      let window = sizes.window, inputRows = input.count / window.channels
      withScratch(BFloat16Matrix.floats(rows: inputRows, columns: window.channels)) { memory in
        let map = BFloat16Matrix(memory, columns: window.channels)
        nonisolated(unsafe) let start = map.pointer
        Parallel.forEachBlock(of: inputRows, size: max(1, (1 << 15) / window.channels)) {
          arbex_bf16_convert(
            start + $0.lowerBound * window.channels, window.channels,
            input.pointer + $0.lowerBound * window.channels,
            window.channels, prologue?.kernelArgument ?? arbex_prologue(), $0.count, window.channels)
        }
        multiply(kernel, epilogue, into: result, rowsPerBlock: sizes.rowsPerBlock * window.outWidth) {
          rows, left in
          arbex_bf16_gather(
            left.pointer, left.stride, start, window, rows.lowerBound / window.outWidth,
            rows.count / window.outWidth)
        }
      }
    }
    return result
  }

  /// Multiplies blocks of rows, which `fill` brings into form, with the weights. Few blocks are cut by columns too, so that
  /// there is work for several threads.
  private func multiply(
    _ kernel: Tensor, _ epilogue: ConvolutionEpilogue, into result: Tensor, rowsPerBlock: Int,
    fill: (Range<Int>, BFloat16Matrix) -> Void
  ) {
    let blocks = (pixels + rowsPerBlock - 1) / rowsPerBlock
    let cuts = max(1, min(4 / blocks, columns / 64)), panel = BFloat16Matrix.panel
    let columnsPerCut = cuts == 1 ? columns : (columns / cuts + panel - 1) / panel * panel
    Parallel.forEach(blocks * cuts) { piece in
      let first = piece / cuts * rowsPerBlock, rows = first..<min(first + rowsPerBlock, pixels)
      let column = piece % cuts * columnsPerCut, count = min(columnsPerCut, columns - column)
      guard count > 0 else { return }
      let target = result.pointer + first * columns + column
      withScratch(BFloat16Matrix.floats(rows: rows.count, columns: depth)) { memory in
        let left = BFloat16Matrix(memory, columns: depth)
        fill(rows, left)
        arbex_bf16_multiply(
          left.pointer, left.stride,
          BFloat16Matrix(kernel.pointer, columns: depth).pointer + column * left.stride,
          target, columns, rows.count, count, depth, 1)
      }
      if cuts == 1 { epilogue.apply(to: target, firstRow: first, rows: rows.count, columns: columns) }
    }
    if cuts > 1 { epilogue.apply(to: result.pointer, firstRow: 0, rows: pixels, columns: columns) }
  }
}

extension ConvolutionShape {
  /// The fastest algorithm that applies in this precision.
  func algorithm(in precision: Precision) -> any ConvolutionAlgorithm {
    if precision == .bfloat16 {
      if let winograd = BFloat16WinogradConvolution(self) { return winograd }
      if let products = BFloat16Convolution(self) { return products }
    }
    return isPointwise ? PointwiseConvolution(sizes: self) : algorithm(inTraining: false)
  }
}
