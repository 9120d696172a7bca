import CKernels

extension Tensor {
  /// Multi-head scaled dot-product attention (Vaswani et al. 2017, equation 1), with an optional bias per head
  /// and pair of positions.
  ///
  ///     A = softmax(q kᵀ / √d + bias),  output = A v      for each head, d = D / heads
  ///
  /// The attention weights are worked out for some queries at a time and not kept for the backward pass but computed
  /// again, which costs one product and saves `[B, heads, T, S]` numbers.
  ///
  /// ## Shapes
  /// query `[Bq, T, D]`, key and value `[B, S, D]`, bias `[heads, T, S]` → `[B, T, D]`. B is a multiple of Bq: each
  /// query serves B / Bq neighbouring keys (the windows of one image).
  public static func attention(query: Tensor, key: Tensor, value: Tensor, heads: Int, bias: Tensor? = nil)
    -> Tensor
  {
    attention(
      [query, key, value], (.whole(query), .whole(key, in: 1), .whole(value, in: 2)), heads: heads, bias: bias
    )
  }

  /// The same where keys and values stand side by side, as one linear layer makes them: `[B, S, 2D]`.
  public static func attention(
    query: Tensor, keysAndValues both: Tensor, heads: Int, bias: Tensor? = nil,
    precision: Precision = .float32
  ) -> Tensor {
    let parts = AttentionPart.split(both, into: 2, in: 1)
    return attention([query, both], (.whole(query), parts[0], parts[1]), heads: heads, bias: bias, precision)
  }

  /// How much of that attention each key gets: the mean of its weights over heads and queries, which sums to 1 over the
  /// keys. For people who ask: constants, in 32-bit floats.
  ///
  /// ## Shapes
  /// query `[Bq, T, D]`, keys and values `[B, S, 2D]`, bias `[heads, T, S]` → `[B, S]`
  public static func attentionReceived(
    query: Tensor, keysAndValues both: Tensor, heads: Int, bias: Tensor? = nil
  ) -> Tensor {
    let (query, both) = (query.detached, both.detached)
    let (asking, parts) = (AttentionPart.whole(query), AttentionPart.split(both, into: 2, in: 1))
    require(Attention.issue(asking.shape, parts[0].shape, parts[1].shape, heads, bias?.shape))
    return Attention(query: asking, key: parts[0], value: parts[1], heads: heads)
      .received([query, both], bias?.detached)
  }

  /// Self-attention where queries, keys and values stand side by side: `[N, T, 3D]` → `[N, T, D]`.
  public static func selfAttention(_ all: Tensor, heads: Int, precision: Precision = .float32) -> Tensor {
    let parts = AttentionPart.split(all, into: 3)
    return attention([all], (parts[0], parts[1], parts[2]), heads: heads, bias: nil, precision)
  }

  private static func attention(
    _ inputs: [Tensor], _ parts: (query: AttentionPart, key: AttentionPart, value: AttentionPart), heads: Int,
    bias: Tensor?, _ precision: Precision = .float32
  ) -> Tensor {
    require(Attention.issue(parts.query.shape, parts.key.shape, parts.value.shape, heads, bias?.shape))
    let attention = Attention(query: parts.query, key: parts.key, value: parts.value, heads: heads)
    if (inputs + (bias.map { [$0] } ?? [])).contains(where: \.isTraced) {
      return attention.composed(inputs, bias)
    }
    let (kept, constantBias) = (inputs.map(\.detached), bias?.detached)
    if precision == .bfloat16, !(inputs + (bias.map { [$0] } ?? [])).contains(where: \.isTracked) {
      return attention.forwardInBFloat16(kept, constantBias)
        .recorded(from: [], operation: "attention, bf16", work: attention.work) { _ in [] }
    }
    let output = attention.forward(kept, constantBias)
    let wantsBias = bias?.isTracked ?? false
    return output.recorded(from: inputs + (bias.map { [$0] } ?? []), work: attention.work) {
      attention.backward($0, kept, constantBias, wantsBias: wantsBias)
    }
  }
}

/// Queries, keys or values: some columns of an attention's input.
struct AttentionPart {
  /// Which input.
  let input: Int
  let batch: Int
  /// Tokens.
  let length: Int
  /// The input's columns.
  let stride: Int
  /// The first of its columns, and how many.
  let column, size: Int

  var shape: [Int] { [batch, length, size] }

  static func whole(_ tensor: Tensor, in input: Int = 0) -> AttentionPart {
    split(tensor, into: 1, in: input)[0]
  }

  static func split(_ tensor: Tensor, into count: Int, in input: Int = 0) -> [AttentionPart] {
    require(
      tensor.rank == 3 && tensor.shape[2] % count == 0, "attention", "\(tensor.shape)",
      "[N, T, D] of \(count) equal parts")
    let size = tensor.shape[2] / count
    return (0..<count).map {
      AttentionPart(
        input: input, batch: tensor.shape[0], length: tensor.shape[1], stride: tensor.shape[2],
        column: $0 * size, size: size)
    }
  }

  /// Rows of one head of one sample, from token `first` on.
  func head(
    _ tensors: [Tensor], _ index: Int, _ head: Int, width: Int, from first: Int = 0, transposed: Bool = false
  ) -> BLAS.Matrix {
    BLAS.Matrix(
      pointer: target(tensors, index, head, width: width, from: first), stride: stride, transposed: transposed
    )
  }

  func target(
    _ tensors: [Tensor], _ index: Int, _ head: Int, width: Int, from first: Int = 0
  ) -> UnsafeMutablePointer<Float> {
    tensors[input].pointer + (index * length + first) * stride + column + head * width
  }
}

/// The sizes of an attention, and its loops.
struct Attention {
  let query, key, value: AttentionPart
  let heads: Int
  var batch: Int { key.batch }
  var length: Int { query.length }
  var keys: Int { key.length }
  var size: Int { query.size }
  var width: Int { size / heads }
  var scale: Float { 1 / Float(width).squareRoot() }
  /// Multiply-adds of both products.
  var work: Int { 2 * batch * length * keys * size }
  /// Neighbouring keys that share a query.
  var sharing: Int { batch / query.batch }
  /// Queries whose weights are worked out at once: about 64 Ki numbers, which stay in the cache.
  var block: Int { min(length, max(12, (1 << 16) / max(keys, 1) / 12 * 12)) }

  static func issue(_ query: [Int], _ key: [Int], _ value: [Int], _ heads: Int, _ bias: [Int]?) -> ShapeIssue?
  {
    let found = "query \(query), key \(key), value \(value), bias \(bias ?? []), \(heads) heads"
    guard key == value, query[2] == key[2] else {
      return ShapeIssue("attention", found, "[Bq, T, D], [B, S, D], [B, S, D]")
    }
    guard heads >= 1, query[2] % heads == 0, query[0] >= 1, key[0] % query[0] == 0 else {
      return ShapeIssue("attention", found, "heads that divide D, and B a multiple of Bq")
    }
    return bias == nil || bias == [heads, query[1], key[1]]
      ? nil : ShapeIssue("attention", found, "a bias of [heads, T, S]")
  }

  /// The attention weights of some queries of one head, `[rows, S]`.
  private func weights(
    _ inputs: [Tensor], _ bias: Tensor?, _ index: Int, _ head: Int, _ rows: Range<Int>,
    into scores: UnsafeMutablePointer<Float>
  ) {
    BLAS.multiply(
      query.head(inputs, index / sharing, head, width: width, from: rows.lowerBound),
      key.head(inputs, index, head, width: width, transposed: true), into: scores, stride: keys,
      rows: rows.count, columns: keys, depth: width, scale: scale)
    if let bias {
      arbex_add_into(scores, bias.pointer + (head * length + rows.lowerBound) * keys, rows.count * keys)
    }
    arbex_softmax(scores, scores, rows.count, keys)
  }

  func forward(_ inputs: [Tensor], _ bias: Tensor?) -> Tensor {
    let output = Tensor(uninitialized: [batch, length, size])
    let blocks = (length + block - 1) / block
    Parallel.forEach(batch * heads * blocks) { piece in
      let index = piece / blocks / heads, head = piece / blocks % heads, first = piece % blocks * block
      let rows = first..<min(first + block, length)
      withScratch(rows.count * keys) { scores in
        weights(inputs, bias, index, head, rows, into: scores)
        BLAS.multiply(
          BLAS.Matrix(pointer: scores, stride: keys), value.head(inputs, index, head, width: width),
          into: output.pointer + (index * length + first) * size + head * width, stride: size,
          rows: rows.count, columns: width, depth: keys)
      }
    }
    return output
  }

  /// The mean over heads and queries of each key's weights, `[B, S]`.
  func received(_ inputs: [Tensor], _ bias: Tensor?) -> Tensor {
    let sums = Tensor.zeros([batch, keys])
    Parallel.forEach(batch) { index in
      withScratch(block * keys) { scores in
        for piece in 0..<heads * ((length + block - 1) / block) {
          let head = piece % heads, first = piece / heads * block
          let rows = first..<min(first + block, length)
          weights(inputs, bias, index, head, rows, into: scores)
          arbex_column_sums(sums.pointer + index * keys, scores, rows.count, keys)
        }
      }
    }
    return sums / Float(heads * length)
  }

  /// Gradients of the inputs and (where wanted) of the bias.
  ///
  /// A piece of work is one head of a run of images: it alone writes their gradients, and its share of the
  /// bias gradient, which is then added in order. Where a bias wants its gradient, runs are parts of a shard.
  func backward(_ gradient: Tensor, _ inputs: [Tensor], _ bias: Tensor?, wantsBias: Bool) -> [Tensor?] {
    let made = inputs.map { Tensor.zeros($0.shape) }
    let shards = gradient.shards?.rows(query.batch) ?? [0..<query.batch]
    let runs = wantsBias ? shards.map(runs) : [(0..<query.batch).map { $0..<$0 + 1 }],
      all = Array(runs.joined())
    let shares = wantsBias ? Tensor.zeros([all.count, heads, length, keys]) : nil
    Parallel.forEach(all.count * heads) { piece in
      let run = piece / heads, head = piece % heads
      withScratch(2 * block * keys) { scratch in
        for index in all[run].lowerBound * sharing..<all[run].upperBound * sharing {
          for start in stride(from: 0, to: length, by: block) {
            let rows = start..<min(start + block, length)
            addGradients(gradient, inputs, bias, index, head, rows, scratch, into: made)
            if let shares {
              arbex_add_into(
                shares.pointer + ((run * heads + head) * length + start) * keys, scratch + block * keys,
                rows.count * keys)
            }
          }
        }
      }
    }
    guard bias != nil else { return made }
    return made + [shares.map { added($0, runs.map(\.count), of: gradient) }]
  }

  /// A shard's images in one run, or of a single head in two.
  private func runs(_ images: Range<Int>) -> [Range<Int>] {
    let count = min(images.count, heads == 1 ? 2 : 1)
    return (0..<count).map {
      images.lowerBound + $0 * images.count / count..<images.lowerBound + ($0 + 1) * images.count / count
    }
  }

  /// The runs of each shard added in order: `[runs, heads, T, S]` → `[shards, heads, T, S]`, or `[heads, T, S]` of no batch.
  private func added(_ shares: Tensor, _ counts: [Int], of batch: Tensor) -> Tensor {
    let size = heads * length * keys
    if let shards = batch.shards, counts.count == shards.count, counts.allSatisfy({ $0 == 1 }) {
      var result = shares
      result.mark = .shards(shards)
      return result
    }
    let result = SumOverShards.result([heads, length, keys], rows: query.batch, of: batch, keeping: true)
    let target = result.pointer
    Parallel.forEachBlock(of: size, size: 1 << 14) { range in
      var next = shares.pointer + range.lowerBound
      for (shard, count) in counts.enumerated() {
        let sum = target + shard * size + range.lowerBound
        sum.update(from: next, count: range.count)
        for run in 1..<count { arbex_add_into(sum, next + run * size, range.count) }
        next += count * size
      }
    }
    return result
  }

  /// One head of some queries. Leaves the gradient of the scores in the second half of the scratch.
  private func addGradients(
    _ gradient: Tensor, _ inputs: [Tensor], _ bias: Tensor?, _ index: Int, _ head: Int, _ rows: Range<Int>,
    _ scratch: UnsafeMutablePointer<Float>, into made: [Tensor]
  ) {
    let (scores, flow, count, start) = (scratch, scratch + block * keys, rows.count, rows.lowerBound)
    let asking = index / sharing
    weights(inputs, bias, index, head, rows, into: scores)
    let incoming = BLAS.Matrix(
      pointer: gradient.pointer + (index * length + start) * size + head * width, stride: size)
    BLAS.multiply(
      BLAS.Matrix(pointer: scores, stride: keys, transposed: true), incoming,
      into: value.target(made, index, head, width: width), stride: value.stride, rows: keys, columns: width,
      depth: count, accumulating: true)
    BLAS.multiply(
      incoming, value.head(inputs, index, head, width: width, transposed: true), into: flow, stride: keys,
      rows: count, columns: keys, depth: width)
    arbex_softmax_gradient(flow, flow, scores, count, keys)
    BLAS.multiply(
      BLAS.Matrix(pointer: flow, stride: keys), key.head(inputs, index, head, width: width),
      into: query.target(made, asking, head, width: width, from: start), stride: query.stride, rows: count,
      columns: width, depth: keys, scale: scale, accumulating: true)
    BLAS.multiply(
      BLAS.Matrix(pointer: flow, stride: keys, transposed: true),
      query.head(inputs, asking, head, width: width, from: start),
      into: key.target(made, index, head, width: width), stride: key.stride, rows: keys, columns: width,
      depth: count, scale: scale, accumulating: true)
  }
}
