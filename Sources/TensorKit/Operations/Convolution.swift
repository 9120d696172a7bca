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
    let sizes = ConvolutionShape(
      input: shape, weight: weight.shape, stride: stride, padding: padding, groups: groups)
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
      from: [self, weight] + (bias.map { [$0] } ?? []), operation: convolution.name,
      work: result.count * sizes.depth
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
    kernel: ConvolutionKernel, stride: Int = 1, padding: Int = 0, groups: Int = 1,
    prologue: ConvolutionPrologue?,
    epilogue: ConvolutionEpilogue, precision: Precision = .float32, work: Int? = nil
  ) -> Tensor {
    let sizes = ConvolutionShape(
      input: shape, weight: kernel.weight.shape, stride: stride, padding: padding, groups: groups)
    let way = sizes.algorithm(in: precision)
    let result = way.forward(detached, kernel.prepared(for: way), prologue, epilogue)
    return result.recorded(from: [], operation: way.name, work: work ?? result.count * sizes.depth) { _ in []
    }
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
