import NeuralKit
import TensorKit

/// A convolution along the features of tokens, to which the tokens themselves are the channels: every token of the
/// result is made of all tokens. Kernels do not overlap; one of k features leaves a k-th of them.
///
///     y[n, o, j] = b[o] + Σ_i Σ_t W[o, i, t] · x[n, i, k·j + t]        t in 0..<k
///
/// Source: the code of POSTER, PyTorch's `Conv1d` with kernel and stride k: `downsample_m` (k = 2), `downsample_s` (4)
/// and, mixing tokens alone, `conv` (1). The paper says only that features are brought to lower widths.
///
/// ## Shapes
/// `[N, T, D]` -> `[N, T, D/k]`; parameters `weight` `[T, T, k]`, `bias` `[T]`
struct TokenConvolution {
  private let tokens, kernel: Int
  private let weight, bias: Parameter

  init(tokens: Int, kernel: Int = 1, in scope: ParameterScope) {
    (self.tokens, self.kernel) = (tokens, kernel)
    let start = Initializer.pytorchDefault(fanIn: tokens * kernel)
    weight = scope.parameter("weight", [tokens, tokens, kernel], start)
    bias = scope.parameter("bias", [tokens], start)
  }

  /// - Precondition: k divides D.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let (count, size) = (x.shape[0], x.shape[2] / kernel)
    let windows =
      kernel == 1
      ? x.permuted([0, 2, 1])
      : x.reshaped([count, tokens, size, kernel]).permuted([0, 2, 1, 3])
        .reshaped([count, size, tokens * kernel])  // [N, D/k, T·k]
    let all = pass[weight].reshaped([tokens, tokens * kernel])
    return windows.linear(weight: all, bias: pass[bias]).permuted([0, 2, 1])
  }
}

/// The way back to more features: a transposed convolution, each feature becoming two.
///
///     y[n, o, 2j + t] = b[o] + Σ_i W[i, o, t] · x[n, i, j]             t in 0...1
///
/// Source: the code of POSTER, PyTorch's `ConvTranspose1d` with kernel and stride 2: `upsample_s`, `upsample_m`.
///
/// ## Shapes
/// `[N, T, D]` -> `[N, T, 2D]`; parameters `weight` `[T, T, 2]` with the inputs first, `bias` `[T]`
struct TokenExpansion {
  private let tokens: Int
  private let weight, bias: Parameter

  init(tokens: Int, in scope: ParameterScope) {
    self.tokens = tokens
    let start = Initializer.pytorchDefault(fanIn: 2 * tokens)
    weight = scope.parameter("weight", [tokens, tokens, 2], start)
    bias = scope.parameter("bias", [tokens], start)
  }

  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let (count, size) = (x.shape[0], x.shape[2])
    let pairs = x.permuted([0, 2, 1]).matmul(pass[weight].reshaped([tokens, 2 * tokens]))  // [N, D, T·2]
    return pairs.reshaped([count, size, tokens, 2]).permuted([0, 2, 1, 3])
      .reshaped([count, tokens, 2 * size]) + pass[bias].reshaped([tokens, 1])
  }
}
