import CKernels

/// One kernel per channel, by direct loops.
struct DepthwiseConvolution: DifferentiableConvolution {
  let sizes: ConvolutionShape
  var name: StaticString { "convolution, depthwise" }
  var packing: WeightPacking { .depthwise }
  private var rowBlock: Int { max(1, (1 << 14) / max(1, sizes.window.outWidth * sizes.window.channels)) }

  init(_ sizes: ConvolutionShape) { self.sizes = sizes }

  /// `[taps, channels]`
  func packed(_ weight: Tensor) -> Tensor {
    weight.reshaped([sizes.window.channels, sizes.taps]).permuted([1, 0])
  }

  func forward(
    _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?, _ epilogue: ConvolutionEpilogue
  ) -> Tensor {
    let input = prologue?.applied(to: input) ?? input
    let window = sizes.window
    let result = Tensor(uninitialized: [sizes.images, window.outHeight, window.outWidth, window.channels])
    Parallel.forEachBlock(of: sizes.outputRows, size: rowBlock) {
      arbex_depthwise(result.pointer, input.pointer, kernel.pointer, window, $0.lowerBound, $0.count)
      let first = $0.lowerBound * window.outWidth
      epilogue.apply(
        to: result.pointer + first * window.channels, firstRow: first, rows: $0.count * window.outWidth,
        columns: window.channels)
    }
    return result
  }

  func inputGradient(_ gradient: Tensor, _ weight: Tensor) -> Tensor {
    let window = sizes.window, taps = packed(weight)
    let result = Tensor(uninitialized: [sizes.images, window.height, window.width, window.channels])
    Parallel.forEachBlock(of: sizes.images * window.height, size: rowBlock) {
      arbex_depthwise_input_gradient(
        result.pointer, gradient.pointer, taps.pointer, window, $0.lowerBound, $0.count)
    }
    return result
  }

  func weightGradient(
    _ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?, keeping: Bool
  ) -> Tensor {
    let input = prologue?.applied(to: input) ?? input
    let window = sizes.window
    let taps = Tensor.sumsOverRows(
      sizes.outputRows, of: gradient, shape: [sizes.taps, window.channels]
    ) { sums, rows in
      arbex_depthwise_weight_gradient(
        sums, gradient.pointer, input.pointer, window, rows.lowerBound, rows.count)
    }
    let leading = Array(taps.shape.dropLast(2)), last = leading.count
    var result = taps.permuted(Array(0..<last) + [last + 1, last])
      .reshaped(leading + [window.channels, window.kernelHeight, window.kernelWidth, 1])
    result.mark = taps.mark
    return result
  }
}
