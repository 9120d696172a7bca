import CKernels

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
  var isDepthwise: Bool {
    groups == window.channels && outputs == groups && groups > 1 && window.dilation == 1
  }
  /// Output rows per piece of work: about 512 pixels, which pays for packing the weights.
  var rowsPerBlock: Int { max(1, min(512, max(128, (1 << 20) / max(depth, 1))) / max(window.outWidth, 1)) }

  init(input: [Int], weight: [Int], stride: Int, padding: Int, dilation: Int = 1, groups: Int) {
    require(
      Self.issue(
        input: input, weight: weight, stride: stride, padding: padding, dilation: dilation, groups: groups))
    let reach = [weight[1], weight[2]].map { ($0 - 1) * dilation + 1 }
    images = input[0]
    outputs = weight[0]
    self.groups = groups
    window = arbex_window(
      height: input[1], width: input[2], channels: input[3],
      outHeight: (input[1] + 2 * padding - reach[0]) / stride + 1,
      outWidth: (input[2] + 2 * padding - reach[1]) / stride + 1,
      kernelHeight: weight[1], kernelWidth: weight[2], stride: stride, padding: padding, dilation: dilation)
  }

  /// The fastest algorithm that applies.
  func algorithm(inTraining: Bool) -> any DifferentiableConvolution {
    if isDepthwise { return DepthwiseConvolution(self) }
    if let winograd = WinogradConvolution(self, inTraining: inTraining) { return winograd }
    return PatchConvolution(self)
  }

  static func issue(
    input: [Int], weight: [Int], stride: Int, padding: Int, dilation: Int, groups: Int
  ) -> ShapeIssue? {
    let found =
      "\(input) with kernel \(weight), stride \(stride), padding \(padding), dilation \(dilation), groups \(groups)"
    guard input.count == 4, weight.count == 4, stride >= 1, padding >= 0, dilation >= 1, groups >= 1 else {
      return ShapeIssue("convolution", found, "[N, H, W, C] with [out, height, width, in / groups]")
    }
    guard input[3] == weight[3] * groups, weight[0] % groups == 0 else {
      return ShapeIssue("convolution", found, "\(input[3]) channels in \(groups) groups")
    }
    let fits = (1...2).allSatisfy { input[$0] + 2 * padding > (weight[$0] - 1) * dilation }
    return fits ? nil : ShapeIssue("convolution", found, "a map of at least the kernel's size")
  }
}
