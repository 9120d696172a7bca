import NeuralKit
import TensorKit

/// Weighs each channel at each place: EfficientFace's channel-spatial modulator.
///
///     c = W₂ · ReLU(BN(W₁ · mean over places of x + b₁)) + b₂
///     s = conv1x1(d(d(ReLU(BN(conv1x1(x))))))          d = ReLU ∘ BN ∘ conv3x3 of dilation 4
///     y = σ(c · s) · x
///
/// Source: Zhao, Liu and Zhou 2021, EfficientFace, the channel-spatial modulator, after Park et al. 2018, BAM,
/// arXiv:1807.06514, which adds the two scores; there is no 1 + σ here. Parameters are named as in the authors' code.
///
/// ## Shapes
/// `[N, H, W, C]` -> the same
struct ChannelSpatialModulator {
  private let squeeze, excite: Linear
  private let norm: BatchNorm
  private let blocks: [ConvolutionBlock]
  private let place: Convolution

  /// - Parameter hidden: channels inside both scores.
  init(channels: Int, hidden: Int, in scope: ParameterScope) {
    let (channel, spatial) = (scope / "channel_att" / "gate_c", scope / "spatial_att" / "gate_s")
    squeeze = Linear(from: channels, to: hidden, in: channel / "gate_c_fc_0")
    norm = BatchNorm(hidden, in: channel / "gate_c_bn_1")
    excite = Linear(from: hidden, to: channels, in: channel / "gate_c_fc_final")
    let dilated = (0..<2).map { number in
      ConvolutionBlock(
        Convolution(
          from: hidden, to: hidden, kernel: 3, padding: 4, dilation: 4, bias: true,
          in: spatial / "gate_s_conv_di_\(number)"),
        BatchNorm(hidden, in: spatial / "gate_s_bn_di_\(number)"), activation: .relu)
    }
    let reduce = ConvolutionBlock(
      Convolution(from: channels, to: hidden, kernel: 1, bias: true, in: spatial / "gate_s_conv_reduce0"),
      BatchNorm(hidden, in: spatial / "gate_s_bn_reduce0"), activation: .relu)
    blocks = [reduce] + dilated
    place = Convolution(from: hidden, to: 1, kernel: 1, bias: true, in: spatial / "gate_s_conv_final")
  }

  /// See the type's shapes.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let found = scores(x, pass)
    return (found.channel * found.spatial).sigmoid() * x
  }

  /// c `[N, 1, 1, C]` and s `[N, H, W, 1]`.
  struct Scores {
    let channel, spatial: Tensor
  }

  func scores(_ x: Tensor, _ pass: ForwardPass) -> Scores {
    let mean = x.globalAveragePooled()  // [N, C]
    let channel = excite(norm(squeeze(mean, pass), pass).relu(), pass)
    let map = blocks.reduce(x) { $1($0, pass) }
    return Scores(channel: channel.reshaped([-1, 1, 1, x.shape[3]]), spatial: place(map, pass))
  }
}
