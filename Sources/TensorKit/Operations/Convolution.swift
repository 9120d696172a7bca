import CKernels
import Synchronization

/// The sizes of one convolution over `[N, H, W, C]`.
struct ConvolutionShape {
  let images: Int
  let window: arbex_window
  let outputs: Int
  let groups: Int

  /// The kernel's positions.
  var taps: Int { window.kernelHeight * window.kernelWidth }
  var groupInputs: Int { window.channels / groups }
  var groupOutputs: Int { outputs / groups }
  /// The depth of the matrix product: kernel positions times input channels of a group.
  var depth: Int { taps * groupInputs }
  /// Rows of the output maps of all images.
  var outputRows: Int { images * window.outHeight }
  /// A 1x1 convolution that moves pixel by pixel is a plain matrix product.
  var isPointwise: Bool { taps == 1 && window.stride == 1 && window.padding == 0 && groups == 1 }
  var isDepthwise: Bool { groups == window.channels && outputs == groups && groups > 1 }
  /// Output rows per piece of work: about 512 pixels, which pays for packing the weights.
  var rowsPerBlock: Int { max(1, min(512, max(128, (1 << 20) / max(depth, 1))) / max(window.outWidth, 1)) }

  init(input: [Int], weight: [Int], stride: Int, padding: Int, groups: Int) {
    require(Self.issue(input: input, weight: weight, stride: stride, padding: padding, groups: groups))
    images = input[0]
    outputs = weight[0]
    self.groups = groups
    window = arbex_window(
      height: input[1], width: input[2], channels: input[3],
      outHeight: (input[1] + 2 * padding - weight[1]) / stride + 1,
      outWidth: (input[2] + 2 * padding - weight[2]) / stride + 1,
      kernelHeight: weight[1], kernelWidth: weight[2], stride: stride, padding: padding)
  }

  /// The fastest way that applies.
  func algorithm(inTraining: Bool) -> any Convolving {
    if isDepthwise { return DepthwiseConvolution(self) }
    if let winograd = WinogradConvolution(self, inTraining: inTraining) { return winograd }
    return PatchConvolution(self)
  }

  static func issue(input: [Int], weight: [Int], stride: Int, padding: Int, groups: Int) -> ShapeIssue? {
    let words = "\(input) with kernel \(weight), stride \(stride), padding \(padding), groups \(groups)"
    guard input.count == 4, weight.count == 4, stride >= 1, padding >= 0, groups >= 1 else {
      return ShapeIssue("convolution", words, "[N, H, W, C] with [out, height, width, in / groups]")
    }
    guard input[3] == weight[3] * groups, weight[0] % groups == 0 else {
      return ShapeIssue("convolution", words, "\(input[3]) channels in \(groups) groups")
    }
    let fits = input[1] + 2 * padding >= weight[1] && input[2] + 2 * padding >= weight[2]
    return fits ? nil : ShapeIssue("convolution", words, "a map of at least the kernel's size")
  }
}

extension Tensor {
  /// Two-dimensional convolution (cross-correlation, as everywhere in this field).
  ///
  /// ## Shapes
  /// self `[N, H, W, C]`, weight `[out, kernelHeight, kernelWidth, C / groups]`, bias `[out]` →
  /// `[N, (H + 2 padding - kernelHeight) / stride + 1, ..., out]`
  public func convolved(
    weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1
  ) -> Tensor {
    let sizes = ConvolutionShape(input: shape, weight: weight.shape, stride: stride, padding: padding, groups: groups)
    if sizes.isPointwise {
      let matrix = weight.reshaped([sizes.outputs, sizes.window.channels])
      return linear(weight: matrix, bias: bias, operation: "convolution, 1x1")
    }
    let (input, weights) = (detached, weight.detached)
    let convolution = sizes.algorithm(inTraining: true)
    var epilogue = ConvolutionEpilogue()
    epilogue.offset = bias?.detached
    let result = convolution.forward(input, convolution.prepared(weights), nil, epilogue)
    let wants = (isTracked, weight.isTracked, bias?.isTracked ?? false)
    return result.recorded(
      from: [self, weight] + (bias.map { [$0] } ?? []), operation: convolution.name, work: result.count * sizes.depth
    ) { gradient in
      [
        wants.0 ? convolution.inputGradient(gradient, weights) : nil,
        wants.1 ? convolution.weightGradient(gradient, input, nil) : nil,
        wants.2 ? gradient.columnSums(sizes.outputs) : nil,
      ]
    }
  }
}

extension Tensor {
  /// The same without a history, with what comes before and after it in the same pass over memory.
  /// - Parameter work: the multiply-adds that a ``Profile`` books; nil for its own.
  public func convolved(
    kernel: ConvolutionKernel, stride: Int = 1, padding: Int = 0, groups: Int = 1, prologue: ConvolutionPrologue?,
    epilogue: ConvolutionEpilogue, work: Int? = nil
  ) -> Tensor {
    let sizes = ConvolutionShape(
      input: shape, weight: kernel.weight.shape, stride: stride, padding: padding, groups: groups)
    let way: any Preparing = sizes.isPointwise ? PointwiseConvolution(sizes: sizes) : sizes.algorithm(inTraining: false)
    let result = way.forward(detached, kernel.prepared(for: way), prologue, epilogue)
    return result.recorded(from: [], operation: way.name, work: work ?? result.count * sizes.depth) { _ in [] }
  }
}

/// The weights of a convolution or a linear layer, kept in the form that the computation takes them in: for weights that
/// serve many times.
public final class ConvolutionKernel: Sendable {
  let weight: Tensor
  private let forms = Mutex<[String: Tensor]>([:])

  /// - Parameter weight: as ``Tensor/convolved(weight:bias:stride:padding:groups:)`` or ``Tensor/linear(weight:bias:)``
  ///   takes it.
  public init(_ weight: Tensor) { self.weight = weight.detached }

  func prepared(for way: any Preparing) -> Tensor {
    let name = "\(type(of: way))"
    if let form = forms.withLock({ $0[name] }) { return form }
    let form = way.prepared(weight)
    forms.withLock { $0[name] = form }
    return form
  }
}

/// A way to compute a convolution.
protocol Preparing {
  /// What a ``Profile`` calls it.
  var name: StaticString { get }
  /// The weights in the form that ``forward(_:_:_:_:)`` takes.
  func prepared(_ weight: Tensor) -> Tensor
  func forward(
    _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?, _ epilogue: ConvolutionEpilogue
  ) -> Tensor
}

/// A way to compute a convolution and its gradients.
protocol Convolving: Preparing {
  func inputGradient(_ gradient: Tensor, _ weight: Tensor) -> Tensor
  /// - Parameter prologue: what happened to the input before the convolution read it.
  func weightGradient(_ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?) -> Tensor
}

/// Patches of the input as rows of a matrix, block by block, times the weights.
struct PatchConvolution: Convolving {
  let sizes: ConvolutionShape
  var name: StaticString { "convolution, patches" }

  init(_ sizes: ConvolutionShape) { self.sizes = sizes }

  /// For each group a packed matrix `[depth, outputs of a group]`.
  func prepared(_ weight: Tensor) -> Tensor {
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
      let pixels = rows.count * window.outWidth, target = result.pointer + rows.lowerBound * window.outWidth * sizes.outputs
      withScratch(pixels * sizes.depth) { patches in
        for group in 0..<sizes.groups {
          arbex_gather_patches(
            patches, input.pointer, window, rows.lowerBound, rows.count, group * sizes.groupInputs, sizes.groupInputs, 0,
            sizes.taps)
          BLAS.multiply(
            BLAS.Matrix(pointer: patches, stride: sizes.depth),
            BLAS.packed(kernel.pointer + group * kernel.shape[1], columns: sizes.groupOutputs, depth: sizes.depth),
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
          patches + $0.lowerBound * window.outWidth * sizes.depth, input.pointer, window, $0.lowerBound, $0.count, 0,
          window.channels, 0, sizes.taps)
      }
      MatrixProduct.byColumns(
        BLAS.Matrix(pointer: patches, stride: sizes.depth), packed: kernel.pointer, into: result.pointer, rows: pixels,
        columns: sizes.outputs, depth: sizes.depth)
    }
  }

  func inputGradient(_ gradient: Tensor, _ weight: Tensor) -> Tensor {
    let window = sizes.window
    if window.stride == 1, sizes.groups == 1, window.kernelHeight == window.kernelWidth,
      window.padding < window.kernelHeight
    {
      return gradient.detached.convolved(
        weight: turnedAround(weight), padding: window.kernelHeight - 1 - window.padding)
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
              BLAS.Matrix(pointer: weight.pointer + group * sizes.groupOutputs * sizes.depth, stride: sizes.depth),
              into: patches, stride: sizes.depth, rows: pixels, columns: sizes.depth, depth: sizes.groupOutputs)
            arbex_scatter_patches(
              result.pointer + image * window.height * window.width * window.channels, patches, window, first, rows,
              group * sizes.groupInputs, sizes.groupInputs)
          }
        }
      }
    }
    return result
  }

  /// The kernel that carries gradients back: turned by half a circle, inputs and outputs exchanged.
  private func turnedAround(_ weight: Tensor) -> Tensor {
    let (outputs, inputs, taps) = (sizes.outputs, sizes.window.channels, sizes.taps)
    let turned = Tensor(uninitialized: [inputs, sizes.window.kernelHeight, sizes.window.kernelWidth, outputs])
    Parallel.forEachBlock(of: inputs, size: 16) { range in
      for input in range {
        for tap in 0..<taps {
          let target = turned.pointer + (input * taps + taps - 1 - tap) * outputs
          for output in 0..<outputs { target[output] = weight.pointer[(output * taps + tap) * inputs + input] }
        }
      }
    }
    return turned
  }

  func weightGradient(_ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?) -> Tensor {
    let input = prologue?.applied(to: input) ?? input
    let window = sizes.window
    let result = Tensor(uninitialized: [sizes.outputs, window.kernelHeight, window.kernelWidth, sizes.groupInputs])
    // Large weights: each kernel position is a piece of its own. Small ones: all positions, over eight parts of
    // the pixels, which are added in order.
    let isLarge = result.count > 1 << 17
    let tapsPerPiece = isLarge ? 1 : sizes.taps
    let tapPieces = sizes.taps / tapsPerPiece
    let rowParts = isLarge ? 1 : min(8, max(1, sizes.outputRows / 8))
    let rowsPerPart = (sizes.outputRows + rowParts - 1) / rowParts
    let width = tapsPerPiece * sizes.groupInputs
    withScratch(rowParts * result.count) { partial in
      nonisolated(unsafe) let partial = partial
      Parallel.forEach(tapPieces * rowParts * sizes.groups) { piece in
        let group = piece % sizes.groups, part = piece / sizes.groups % rowParts
        let firstTap = piece / sizes.groups / rowParts * tapsPerPiece
        let target = partial + part * result.count + group * sizes.groupOutputs * sizes.depth
          + firstTap * sizes.groupInputs
        let last = min((part + 1) * rowsPerPart, sizes.outputRows)
        let rowsPerBlock = max(1, min(2048, max(512, (1 << 20) / width)) / max(window.outWidth, 1))
        withScratch(rowsPerBlock * window.outWidth * width) { patches in
          for first in stride(from: part * rowsPerPart, to: max(last, part * rowsPerPart + 1), by: rowsPerBlock) {
            let rows = max(0, min(rowsPerBlock, last - first))
            arbex_gather_patches(
              patches, input.pointer, window, first, rows, group * sizes.groupInputs, sizes.groupInputs, firstTap,
              tapsPerPiece)
            BLAS.multiply(
              BLAS.Matrix(
                pointer: gradient.pointer + first * window.outWidth * sizes.outputs + group * sizes.groupOutputs,
                stride: sizes.outputs, transposed: true),
              BLAS.Matrix(pointer: patches, stride: width), into: target, stride: sizes.depth,
              rows: sizes.groupOutputs, columns: width, depth: rows * window.outWidth,
              accumulating: first > part * rowsPerPart)
          }
        }
      }
      Parallel.forEachBlock(of: result.count, size: 1 << 14) { range in
        (result.pointer + range.lowerBound).update(from: partial + range.lowerBound, count: range.count)
        for part in 1..<max(rowParts, 1) {
          arbex_add_into(
            result.pointer + range.lowerBound, partial + part * result.count + range.lowerBound, range.count)
        }
      }
    }
    return result
  }
}

/// A 1x1 convolution that moves pixel by pixel: a matrix product over pixels.
struct PointwiseConvolution: Preparing {
  let sizes: ConvolutionShape
  var name: StaticString = "convolution, 1x1"

  /// A packed matrix `[inputs, outputs]`.
  func prepared(_ weight: Tensor) -> Tensor { PatchConvolution(sizes).prepared(weight) }

  func forward(
    _ input: Tensor, _ kernel: Tensor, _ prologue: ConvolutionPrologue?, _ epilogue: ConvolutionEpilogue
  ) -> Tensor {
    let input = prologue?.applied(to: input) ?? input
    let (inputs, outputs, rows) = (sizes.window.channels, sizes.outputs, sizes.outputRows * sizes.window.outWidth)
    let result = Tensor(uninitialized: input.shape.dropLast() + [outputs])
    // Large weights are read for as many rows as there are pieces for all threads.
    let least = inputs * outputs > 1 << 18 ? MatrixProduct.blockSize(rows, pieces: 8, smallest: 64) : 64
    let size = max(least, min(512, (1 << 17) / outputs))
    if rows <= 4 * size {
      MatrixProduct.byColumns(
        BLAS.Matrix(pointer: input.pointer, stride: inputs), packed: kernel.pointer, into: result.pointer, rows: rows,
        columns: outputs, depth: inputs)
      epilogue.apply(to: result)
      return result
    }
    Parallel.forEachBlock(of: rows, size: size) {
      let target = result.pointer + $0.lowerBound * outputs
      BLAS.multiply(
        BLAS.Matrix(pointer: input.pointer + $0.lowerBound * inputs, stride: inputs),
        BLAS.packed(kernel.pointer, columns: outputs, depth: inputs), into: target, stride: outputs, rows: $0.count,
        columns: outputs, depth: inputs)
      epilogue.apply(to: target, firstRow: $0.lowerBound, rows: $0.count, columns: outputs)
    }
    return result
  }
}

/// One kernel per channel, by direct loops.
struct DepthwiseConvolution: Convolving {
  let sizes: ConvolutionShape
  var name: StaticString { "convolution, depthwise" }
  private var rowBlock: Int { max(1, (1 << 14) / max(1, sizes.window.outWidth * sizes.window.channels)) }

  init(_ sizes: ConvolutionShape) { self.sizes = sizes }

  /// `[taps, channels]`
  func prepared(_ weight: Tensor) -> Tensor { weight.reshaped([sizes.window.channels, sizes.taps]).permuted([1, 0]) }

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
    let window = sizes.window, taps = prepared(weight)
    let result = Tensor(uninitialized: [sizes.images, window.height, window.width, window.channels])
    Parallel.forEachBlock(of: sizes.images * window.height, size: rowBlock) {
      arbex_depthwise_input_gradient(result.pointer, gradient.pointer, taps.pointer, window, $0.lowerBound, $0.count)
    }
    return result
  }

  func weightGradient(_ gradient: Tensor, _ input: Tensor, _ prologue: ConvolutionPrologue?) -> Tensor {
    let input = prologue?.applied(to: input) ?? input
    let window = sizes.window
    let taps = Tensor(uninitialized: [sizes.taps, window.channels])
    Tensor.sumsOverRows(sizes.outputRows, width: taps.count, into: taps.pointer) { sums, rows in
      arbex_depthwise_weight_gradient(sums, gradient.pointer, input.pointer, window, rows.lowerBound, rows.count)
    }
    return taps.permuted([1, 0]).reshaped([window.channels, window.kernelHeight, window.kernelWidth, 1])
  }
}
