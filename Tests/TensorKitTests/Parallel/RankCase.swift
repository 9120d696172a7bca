import TestSupport
import Testing

@testable import TensorKit

/// One kind of operation over a batch, with the parameters that it sums gradients of.
struct RankCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// Of one image.
  let image: [Int]
  let parameters: [[Int]]
  /// Makes of images `[n, ...]` and parameters a tensor with rows for each image.
  let body: @Sendable (Tensor, [Tensor]) -> Tensor

  init(
    _ name: String, _ image: [Int], _ parameters: [[Int]],
    _ body: @escaping @Sendable (Tensor, [Tensor]) -> Tensor
  ) {
    (self.name, self.image, self.parameters, self.body) = (name, image, parameters, body)
  }

  var testDescription: String { name }

  /// What a training would see of it.
  struct Found: Equatable {
    /// Of all images, in their order.
    var output, inputGradient: [Float]
    /// Of the whole batch.
    var parameterGradients: [[Float]]

    var numbers: [[Float]] { [output, inputGradient] + parameterGradients }
  }

  /// What it finds on some ranks.
  func found(on ranks: Int, images: Int, shards: Int = 4) throws -> Found {
    let parts = try ThreadRanks.run(ranks) { collective in
      try self.part(
        Shards(
          images, shards: shards, part: collective.rank, of: ranks, in: 0..<ranks, over: collective), images,
        collective)
    }
    return Found(
      output: parts.flatMap(\.output), inputGradient: parts.flatMap(\.inputGradient),
      parameterGradients: parts[0].parameterGradients)
  }

  private func part(_ shards: Shards, _ images: Int, _ collective: any Collective) throws -> Found {
    let tape = Tape(), rows = shards.images
    let all = Tensor([images] + image, uniform("image \(name)", images * image.reduce(1, *)))
    let input = tape.watch(all.sliced(along: 0, from: rows.lowerBound, count: rows.count).of(shards))
    let leaves = parameters.enumerated().map { place, shape in
      tape.watch(Tensor(shape, uniform("parameter \(place) \(name)", shape.reduce(1, *)).map { $0 + 0.1 }))
    }
    let output = body(input, leaves), each = output.count / rows.count
    let flow = Tensor([images * each], uniform("flow \(name)", images * each))
      .sliced(along: 0, from: rows.lowerBound * each, count: output.count).reshaped(output.shape)
    tape.backward(from: output, gradient: flow)
    let gradients = try leaves.map { leaf in
      var gradient = tape.gradient(of: leaf) ?? .zeros(leaf.shape)
      try gradient.update { try collective.sum($0) }
      return gradient.values
    }
    if let fault = shards.fault { throw fault }
    return Found(
      output: output.values, inputGradient: tape.gradient(of: input)?.values ?? [],
      parameterGradients: gradients)
  }
}

extension RankCase {
  /// Every kind of operation that sums over the images of a batch, alone and behind others.
  static let all = [products, convolutions, norms, elementwise, attentions, combinations].flatMap(\.self)

  private static let combinations: [RankCase] = [
    RankCase("a weight used twice", [3, 12], [[12, 12]]) {
      $0.linear(weight: $1[0], bias: nil).relu().linear(weight: $1[0], bias: nil)
    },
    RankCase("a scale made of parameters", [3, 12], [[12], [12]]) { $0 * ($1[0] * $1[1]).exp() },
    RankCase("a class token in front", [4, 8], [[1, 1, 8], [1, 5, 8]]) {
      .concatenated([$1[0].broadcast(to: [$0.shape[0], 1, 8]), $0], along: 1) + $1[1]
    },
    RankCase("a row for each image", [1, 8], [[3, 8]]) { x, w in
      x - w[0].gathered(rows: x.reshaped([-1, 8]).argmax().map { $0 % 3 }).expanded(at: 1)
    },
    RankCase("an operation from outside", [6], [[1]]) { x, b in
      let (input, factor) = (x.detached, b[0].detached), gate = (input * factor).sigmoid()
      return (input * gate).recorded(from: [x, b[0]]) { gradient in
        let bend = gate * (1 - gate) * input
        return [gradient * (gate + bend * factor), (gradient * bend * input).sum()]
      }
    },
    RankCase("a parameter's own gradient beside the batch's", [2, 6], [[3, 6]]) { x, w in
      x.linear(weight: w[0], bias: nil) + w[0].sum(along: 1)
    },
  ]

  private static let products: [RankCase] = [
    RankCase("linear", [12], [[10, 12], [10]]) { $0.linear(weight: $1[0], bias: $1[1]) },
    RankCase("linear, many rows", [150, 40], [[30, 40], [30]]) { $0.linear(weight: $1[0], bias: $1[1]) },
    RankCase("linear, long depth of a small weight", [1200, 10], [[12, 10], [12]]) {
      $0.linear(weight: $1[0], bias: $1[1])
    },
    RankCase("linear, large weight", [5, 200], [[520, 200], [520]]) { $0.linear(weight: $1[0], bias: $1[1]) },
    RankCase("linear, wide weight", [3, 700], [[72, 700]]) { $0.linear(weight: $1[0], bias: nil) },
    RankCase("matrix product", [6, 20], [[20, 9]]) { $0.matmul($1[0]) },
    RankCase("matrix product, transposed", [6, 20], [[9, 20]]) { $0.matmul($1[0], transposingOther: true) },
    RankCase("matrix product of a reshaped weight", [6, 20], [[5, 4, 9]]) {
      $0.matmul($1[0].reshaped([20, 9]))
    },
  ]

  private static func convolution(
    _ name: String, _ image: [Int], _ weight: [Int], stride: Int = 1, padding: Int = 1, groups: Int = 1
  ) -> RankCase {
    RankCase("convolution, " + name, image, [weight, [weight[0]]]) {
      $0.convolved(weight: $1[0], bias: $1[1], stride: stride, padding: padding, groups: groups)
    }
  }

  private static let convolutions: [RankCase] = [
    convolution("patches", [9, 8, 3], [20, 3, 3, 3], stride: 2),
    convolution("patches, many rows", [40, 30, 3], [8, 3, 3, 3]),
    convolution("patches, large", [5, 5, 128], [120, 3, 3, 128], stride: 2),
    convolution("groups", [6, 6, 8], [12, 3, 3, 4], groups: 2),
    convolution("depthwise", [9, 9, 20], [20, 3, 3, 1], groups: 20),
    convolution("1x1", [6, 5, 24], [40, 1, 1, 24], padding: 0),
    convolution("Winograd, tiles of 4", [8, 8, 16], [32, 3, 3, 16]),
    convolution("Winograd, few tiles of many channels", [4, 4, 96], [96, 3, 3, 96]),
    convolution("Winograd, tiles of 5", [10, 10, 32], [16, 3, 3, 32]),
    RankCase("convolution behind norm and activation", [6, 6, 16], [[16, 3, 3, 16], [16], [16], [16]]) {
      x, w in
      let norm = BatchNormalization(over: x, scale: w[1], offset: w[2], epsilon: 1e-5)
      return x.convolved(after: norm, slope: w[3], weight: w[0], padding: 1)
    },
    RankCase("1x1 behind norm and a ReLU", [4, 4, 12], [[10, 1, 1, 12], [12], [12]]) { x, w in
      let norm = BatchNormalization(over: x, scale: w[1], offset: w[2], epsilon: 1e-5)
      return x.convolved(after: norm, slope: .zeros([12]), weight: w[0])
    },
  ]

  private static let norms: [RankCase] = [
    RankCase("batch norm", [5, 5, 8], [[8], [8]]) { x, w in
      x.normalized(by: BatchNormalization(over: x, scale: w[0], offset: w[1], epsilon: 1e-5))
    },
    RankCase("batch norm of vectors, twice", [8], [[8], [8]]) { x, w in
      let y = x.normalized(by: BatchNormalization(over: x, scale: w[0], offset: w[1], epsilon: 1e-5)).relu()
      return y.normalized(
        by: BatchNormalization(over: y, scale: w[0], offset: w[1], epsilon: 1e-5), adding: x)
    },
    RankCase("batch norm on stored statistics", [5, 5, 8], [[8], [8]]) { x, w in
      x.normalized(
        by: BatchNormalization(
          mean: .full([8], 0.1), variance: .full([8], 0.5), scale: w[0], offset: w[1], epsilon: 1e-5))
    },
    RankCase("layer norm", [7, 24], [[24], [24]]) {
      $0.layerNormalized(scale: $1[0], offset: $1[1], epsilon: 1e-5)
    },
    RankCase("prelu", [5, 5, 12], [[12]]) { $0.prelu(slope: $1[0]) },
    RankCase("prelu behind batch norm", [5, 5, 12], [[12], [12], [12]]) { x, w in
      x.prelu(slope: w[0], after: BatchNormalization(over: x, scale: w[1], offset: w[2], epsilon: 1e-5))
    },
  ]

  private static let elementwise: [RankCase] = [
    RankCase("sum with a row", [4, 6], [[6]]) { $0 + $1[0] },
    RankCase("difference from a matrix", [4, 6], [[4, 6]]) { $1[0] - $0 },
    RankCase("product with a column", [4, 6], [[4, 1]]) { $0 * $1[0] },
    RankCase("product with a number", [4, 6], [[1]]) { $0 * $1[0] },
    RankCase("quotient", [4, 6], [[6]]) { $0 / ($1[0] + 3) },
    RankCase("distances from anchors", [8], [[2, 3, 8]]) { x, w in
      (x.expanded(at: 1) - w[0].reshaped([6, 8])).squared().sum(along: 2)
    },
    RankCase("choice", [6], [[6]]) { x, w in
      .select(Tensor([6], [1, 0, 1, 0, 0, 1]), x, w[0] * 2)
    },
  ]

  private static let attentions: [RankCase] = [
    RankCase("attention with a bias", [6, 8], [[2, 6, 6]]) {
      .attention(query: $0, key: $0, value: $0, heads: 2, bias: $1[0])
    },
    RankCase("attention with a bias from a table, one head", [4, 8], [[9, 1]]) {
      .attention(query: $0, key: $0, value: $0, heads: 1, bias: $1[0].relativePositionBias(window: 2))
    },
    RankCase("attention of windows that share a query", [4, 8], [[9, 2], [16, 8]]) { x, w in
      let windows = Tensor.concatenated([x, x * 2], along: 1).reshaped([-1, 4, 8]).linear(
        weight: w[1], bias: nil)
      return .attention(
        query: x, keysAndValues: windows, heads: 2, bias: w[0].relativePositionBias(window: 2))
    },
    RankCase("attention with few queries", [7, 16], [[48, 16], [48]]) {
      $0.selfAttention(asking: 2, weight: $1[0], bias: $1[1], heads: 4)
    },
    RankCase("attention with few queries, its weight used again", [7, 16], [[48, 16], [48]]) {
      $0.selfAttention(asking: 7, weight: $1[0], bias: $1[1], heads: 4)
        .selfAttention(asking: 1, weight: $1[0], bias: $1[1], heads: 4)
    },
  ]
}
