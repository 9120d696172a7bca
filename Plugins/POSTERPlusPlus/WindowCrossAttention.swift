import NeuralKit
import TensorKit

/// Window-based multi-head cross attention: each window of the image asks what the landmarks ask.
///
///     q = z_lm,   k = W_k · z_img,   v = W_v · z_img                      equation 1
///     head_i = softmax(q_i · k_iᵀ / √d + b_i) · v_i                       equation 2
///     W-MCSA = W_o · concat(head_1 ... head_h)                            equation 3
///
/// z_img are the tokens of one window, z_lm the tokens of the landmark map, which all windows of an image
/// share, d the channels of a head. The bias b depends on how far two tokens lie apart, in rows and columns:
/// `b_i[t, s] = table[(y_t - y_s + w - 1)(2w - 1) + x_t - x_s + w - 1, i]`. The query is not projected.
///
/// Source: Mao et al. 2023, POSTER++, arXiv:2301.12149, equations 1-3. `qkv` holds W_k, then W_v, in spite of
/// its name.
///
/// ## Shapes
/// map `[N, H, W, C]`, query `[N, w·w, C]` -> `[N, H, W, C]`; w divides H and W
struct WindowCrossAttention {
  let window: Int
  let heads: Int
  private let name: String
  private let table: Parameter
  private let keysAndValues: Linear
  private let output: Linear

  /// - Parameter name: what its attention is called where somebody asks for it.
  init(channels: Int, heads: Int, window: Int, name: String = "attention", in scope: ParameterScope) {
    (self.window, self.heads, self.name) = (window, heads, name)
    let span = 2 * window - 1
    table = scope.parameter(
      "relative_position_bias_table", [span * span, heads], .truncatedNormal(deviation: 0.02))
    keysAndValues = Linear(from: channels, to: 2 * channels, in: scope / "qkv")
    output = Linear(from: channels, to: channels, in: scope / "proj")
  }

  func callAsFunction(_ map: Tensor, query: Tensor, _ pass: ForwardPass) -> Tensor {
    let both = keysAndValues(windows(of: map), pass)  // [N·G, T, 2C]
    let bias = pass[table].relativePositionBias(window: window)  // [heads, T, T]
    pass.show(name, received(query, both, bias, map.shape))
    let attended = Tensor.attention(
      query: query, keysAndValues: both, heads: heads, bias: bias, precision: pass.precision)
    return joined(output(attended, pass), into: map.shape)
  }

  /// How much of the landmarks' attention each place of the image gets, on the mean over heads and landmark tokens: 1 in
  /// all for each window. `[N, H, W]`
  private func received(_ query: Tensor, _ both: Tensor, _ bias: Tensor, _ shape: [Int]) -> Tensor {
    let shares = Tensor.attentionReceived(query: query, keysAndValues: both, heads: heads, bias: bias)
    return joined(shares.expanded(at: 2), into: Array(shape[..<3]) + [1]).reshaped(Array(shape[..<3]))
  }

  /// `[N, H, W, C]` -> `[N·G, T, C]`, the G windows of an image one after another, row by row.
  private func windows(of map: Tensor) -> Tensor {
    let (count, height, width, channels) = (map.shape[0], map.shape[1], map.shape[2], map.shape[3])
    guard height > window || width > window else { return map.reshaped([count, height * width, channels]) }
    return map.reshaped([count, height / window, window, width / window, window, channels])
      .permuted([0, 1, 3, 2, 4, 5])
      .reshaped([-1, window * window, channels])
  }

  /// The reverse of ``windows(of:)``.
  private func joined(_ windows: Tensor, into shape: [Int]) -> Tensor {
    let (count, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
    guard height > window || width > window else { return windows.reshaped(shape) }
    return windows.reshaped([count, height / window, width / window, window, window, channels])
      .permuted([0, 1, 3, 2, 4, 5])
      .reshaped(shape)
  }
}
