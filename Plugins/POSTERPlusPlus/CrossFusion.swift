import NeuralKit
import TensorKit

/// One level's fusion of image and landmarks: window cross attention, then a feed-forward part.
///
///     x  = LN(conv(image level))
///     x' = x + γ1 · W-MCSA(x, landmarks)              equation 4
///     o  = x' + γ2 · MLP(LN(x'))                      equation 5
///
/// Source: Mao et al. 2023, POSTER++, equations 4-5, with the layer scales γ and drop paths of the authors'
/// code. As there, the sum starts from the normalised map, not from what the norm was given.
///
/// ## Shapes
/// image level `[N, H, W, C]`, landmark level `[N, h, w, L]` -> `[N, H/2, W/2, C]`, sides rounded up
struct CrossFusion {
  /// What one level is made of.
  struct Size {
    let channels: Int
    let heads: Int
    let window: Int
    let mlpRatio: Int
    let layerScale: Float
    let dropPath: Float
    /// The channels of the landmark level; nil where there are no landmarks.
    let landmarkChannels: Int?
  }

  private let size: Size
  private let reduce: Convolution
  private let norm: LayerNorm
  private let landmarkProjection: Convolution?
  private let attention: WindowCrossAttention
  private let attentionScale: Parameter
  private let feedForward: MLP
  private let feedForwardNorm: LayerNorm
  private let feedForwardScale: Parameter
  private let attentionDrop: DropPath
  private let feedForwardDrop: DropPath

  /// - Parameter level: counted from 1, part of the parameters' names.
  init(_ size: Size, level: Int, isLast: Bool, in scope: ParameterScope) {
    self.size = size
    let channels = size.channels
    reduce = Convolution(
      from: channels, to: channels, kernel: 3, stride: 2, padding: 1, bias: true, in: scope / "conv\(level)")
    norm = LayerNorm(channels, in: scope / "window\(level)" / "norm")
    landmarkProjection = size.landmarkChannels.flatMap { from in
      let place = scope / (isLast ? "last_face_conv" : "face_conv\(level)")
      return from == channels
        ? nil : Convolution(from: from, to: channels, kernel: 3, padding: 1, bias: true, in: place)
    }
    attention = WindowCrossAttention(
      channels: channels, heads: size.heads, window: size.window, name: "attention-level-\(level)",
      in: scope / "attn\(level)")
    let place = scope / "ffn\(level)"
    attentionScale = place.parameter("gamma1", [channels], .constant(size.layerScale))
    feedForwardScale = place.parameter("gamma2", [channels], .constant(size.layerScale))
    feedForward = MLP(size: channels, hidden: size.mlpRatio * channels, in: place / "mlp")
    feedForwardNorm = LayerNorm(channels, in: place / "norm")
    attentionDrop = DropPath(size.dropPath, in: place / "drop1")
    feedForwardDrop = DropPath(size.dropPath, in: place / "drop2")
  }

  func callAsFunction(image: Tensor, landmarks: Tensor?, _ pass: ForwardPass) -> Tensor {
    let x = norm(reduce(image, pass), pass)  // [N, H/2, W/2, C]
    let attended = pass[attentionScale] * attention(x, query: query(landmarks, or: x, pass), pass)
    let fused = x + attentionDrop(attended, pass)
    let refined = pass[feedForwardScale] * feedForward(feedForwardNorm(fused, pass), pass)
    return fused + feedForwardDrop(refined, pass)
  }

  /// The landmark map with the level's channels, averaged down to one window: `[N, T, C]`. Without landmarks
  /// the image asks itself: its own normalised map takes their place.
  private func query(_ landmarks: Tensor?, or map: Tensor, _ pass: ForwardPass) -> Tensor {
    let source = landmarks.map { landmarkProjection?($0, pass) ?? $0 } ?? map
    return source.averaged(toSide: size.window).reshaped([source.shape[0], -1, size.channels])
  }
}

extension Tensor {
  /// `[N, H, W, C]` -> `[N, side, side, C]`, each value the mean of its share of the map. Where `side` does not
  /// divide H, shares overlap by a row: from floor(i·H / side) to ceil((i + 1)·H / side).
  func averaged(toSide side: Int) -> Tensor {
    let (count, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
    if height == side && width == side { return self }
    if height == width && height % side == 0 {
      return averagePooled(kernel: height / side, stride: height / side)
    }
    let rows = Self.shares(of: height, in: side)  // [side, H]
    let columns = Self.shares(of: width, in: side)  // [side, W]
    // [N·W·C, side]
    let byRow = permuted([0, 2, 3, 1]).reshaped([-1, height]).linear(weight: rows, bias: nil)
    return byRow.reshaped([count, width, channels, side]).permuted([0, 3, 2, 1])
      .reshaped([-1, width]).linear(weight: columns, bias: nil)  // [N·side·C, side]
      .reshaped([count, side, channels, side]).permuted([0, 1, 3, 2])
  }

  /// Row i holds the weights of the mean over the i-th share of `length` places.
  private static func shares(of length: Int, in side: Int) -> Tensor {
    var weights = [Float](repeating: 0, count: side * length)
    for i in 0..<side {
      let share = (i * length / side)..<(((i + 1) * length + side - 1) / side)
      for place in share { weights[i * length + place] = 1 / Float(share.count) }
    }
    return Tensor([side, length], weights)
  }
}
