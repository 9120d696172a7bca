import CKernels

extension Tensor {
  /// Multi-head self-attention where only the first `count` of T tokens ask, with the projections before it:
  ///
  ///     q = x W_qᵀ + b_q,  k = x W_kᵀ + b_k,  v = x W_vᵀ + b_v
  ///     o = Σ_t a_t v_t,  a = softmax_t(q · k_t / √d)       for each head, d = D / heads
  ///
  /// Few queries need neither keys nor values. q · k_t is (q W_k) · x_t and a number that is the same for all t, which
  /// softmax does not see; and o is (Σ_t a_t x_t) W_vᵀ + b_v, for the a_t sum to 1. That takes 2 count heads D (T + d)
  /// multiply-adds where all keys and values take 2 T D².
  ///
  /// ## Shapes
  /// self `[N, T, D]`, weight `[3D, D]` and bias `[3D]` of queries, keys and values in turn → `[N, count, D]`
  public func selfAttention(asking count: Int, weight: Tensor, bias: Tensor?, heads: Int) -> Tensor {
    require(FewQueryAttention.issue(shape, count, weight.shape, bias?.shape, heads))
    if isTraced {
      let (all, size) = (linear(weight: weight, bias: bias), shape[2])  // [N, T, 3D]
      let queries = all.sliced(along: 1, from: 0, count: count).sliced(along: 2, from: 0, count: size)
      let rest = all.sliced(along: 2, from: size, count: 2 * size)
      return Tensor.attention(query: queries, keysAndValues: rest, heads: heads)
    }
    let attention = FewQueryAttention(self, weight, bias, count: count, heads: heads)
    let (output, kept) = attention.forward()
    return output.recorded(
      byShardFrom: [self, weight] + (bias.map { [$0] } ?? []), operation: "attention, few queries",
      work: attention.work, as: nil
    ) { attention.backward($0, kept, keeping: $1(1)) }
  }
}

/// The sizes of an attention with few queries, and its loops. `asking` is the number of all queries, N count.
private struct FewQueryAttention {
  /// What the backward pass needs of the forward pass.
  struct Kept {
    /// The tokens that ask, and their queries, `[asking, D]`.
    let askers, queries: Tensor
    /// q W_k of each head, and Σ_t a_t x_t, `[asking, heads, D]`.
    let keyed, mixed: Tensor
    /// a, `[asking, heads, T]`.
    let shares: Tensor
  }

  private let x, weight: Tensor
  private let bias: Tensor?
  private let samples, tokens, size, count, heads: Int
  private var width: Int { size / heads }
  private var scale: Float { 1 / Float(width).squareRoot() }
  private var asking: Int { samples * count }
  /// Multiply-adds of the direct algorithm.
  var work: Int { samples * (3 * tokens * size * size + 2 * count * tokens * size) }

  init(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, count: Int, heads: Int) {
    (self.x, self.weight, self.bias) = (x.detached, weight.detached, bias?.detached)
    (samples, tokens, size) = (x.shape[0], x.shape[1], x.shape[2])
    (self.count, self.heads) = (count, heads)
  }

  static func issue(_ x: [Int], _ count: Int, _ weight: [Int], _ bias: [Int]?, _ heads: Int) -> ShapeIssue? {
    let found = "\(x) with weight \(weight), bias \(bias ?? []), \(heads) heads, \(count) asking"
    guard x.count == 3, weight == [3 * x[2], x[2]], bias ?? [3 * x[2]] == [3 * x[2]] else {
      return ShapeIssue("self-attention", found, "[N, T, D], [3D, D], [3D]")
    }
    return heads >= 1 && x[2] % heads == 0 && (1...x[1]).contains(count)
      ? nil : ShapeIssue("self-attention", found, "heads that divide D, and 1 ... T that ask")
  }

  /// The rows of one head of queries (0), keys (1) or values (2), `[d, D]`.
  private func rows(_ part: Int, _ head: Int, transposed: Bool = false) -> BLAS.Matrix {
    let first = weight.pointer + (part * size + head * width) * size
    return BLAS.Matrix(pointer: first, stride: size, transposed: transposed)
  }

  /// The columns of one head of `[asking, D]`, `[asking, d]`.
  private func columns(_ all: Tensor, _ head: Int, transposed: Bool = false) -> BLAS.Matrix {
    BLAS.Matrix(pointer: all.pointer + head * width, stride: size, transposed: transposed)
  }

  /// One head of `[asking, heads, D]`, `[asking, D]`.
  private func place(_ all: Tensor, _ head: Int) -> BLAS.Matrix {
    BLAS.Matrix(pointer: all.pointer + head * size, stride: heads * size)
  }

  /// One sample of `[asking, heads, columns]`: `[count heads, columns]`.
  private func sample(_ all: Tensor, _ index: Int, transposed: Bool = false) -> BLAS.Matrix {
    let columns = all.shape[2]
    return BLAS.Matrix(
      pointer: all.pointer + index * count * heads * columns, stride: columns, transposed: transposed)
  }

  private func tokens(_ index: Int, transposed: Bool = false) -> BLAS.Matrix {
    BLAS.Matrix(pointer: x.pointer + index * tokens * size, stride: size, transposed: transposed)
  }

  func forward() -> (Tensor, Kept) {
    let askers = x.sliced(along: 1, from: 0, count: count).reshaped([asking, size])
    let queries = Tensor(uninitialized: [asking, size]),
      output = Tensor(uninitialized: [samples, count, size])
    let keyed = Tensor(uninitialized: [asking, heads, size]),
      mixed = Tensor(uninitialized: [asking, heads, size])
    let shares = Tensor(uninitialized: [asking, heads, tokens])
    let all = count * heads
    Parallel.forEach(heads) { head in
      BLAS.multiply(
        BLAS.Matrix(pointer: askers.pointer, stride: size), rows(0, head, transposed: true),
        into: queries.pointer + head * width, stride: size, rows: asking, columns: width, depth: size)
      addBias(0, head, to: queries)
      BLAS.multiply(
        columns(queries, head), rows(1, head), into: keyed.pointer + head * size, stride: heads * size,
        rows: asking, columns: size, depth: width)
    }
    Parallel.forEach(samples) { index in
      let scores = shares.pointer + index * all * tokens
      BLAS.multiply(
        sample(keyed, index), tokens(index, transposed: true), into: scores, stride: tokens, rows: all,
        columns: tokens, depth: size, scale: scale)
      arbex_softmax(scores, scores, all, tokens)
      BLAS.multiply(
        sample(shares, index), tokens(index), into: mixed.pointer + index * all * size, stride: size,
        rows: all, columns: size, depth: tokens)
    }
    Parallel.forEach(heads) { head in
      BLAS.multiply(
        place(mixed, head), rows(2, head, transposed: true), into: output.pointer + head * width,
        stride: size, rows: asking, columns: width, depth: size)
      addBias(2, head, to: output)
    }
    return (output, Kept(askers: askers, queries: queries, keyed: keyed, mixed: mixed, shares: shares))
  }

  private func addBias(_ part: Int, _ head: Int, to all: Tensor) {
    guard let bias else { return }
    for row in 0..<asking {
      arbex_add_into(
        all.pointer + row * size + head * width, bias.pointer + part * size + head * width, width)
    }
  }

  /// Gradients of tokens, weight and bias; that of the keys' bias is 0.
  /// - Parameter keeping: whether the weight's is wanted by shard.
  func backward(_ gradient: Tensor, _ kept: Kept, keeping: Bool) -> [Tensor?] {
    let made = (
      x: Tensor(uninitialized: x.shape),
      weight: SumOverShards.result(weight.shape, rows: asking, of: gradient, keeping: keeping)
    )
    let sum = SumOverShards(asking, of: gradient, into: made.weight)
    let flow = Tensor(uninitialized: kept.mixed.shape)  // of Σ_t a_t x_t, then of q W_k
    let queries = Tensor(uninitialized: [asking, size]).ofSameBatch(as: gradient)
    Parallel.forEach(heads) { head in
      BLAS.multiply(
        columns(gradient, head), rows(2, head), into: flow.pointer + head * size, stride: heads * size,
        rows: asking, columns: size, depth: width)
      add(columns(gradient, head, transposed: true), place(kept.mixed, head), sum, to: made.weight, 2, head)
    }
    Parallel.forEach(samples) { addTokenGradients($0, flow, kept, into: made.x) }
    Parallel.forEach(heads) { head in
      BLAS.multiply(
        place(flow, head), rows(1, head, transposed: true), into: queries.pointer + head * width,
        stride: size, rows: asking, columns: width, depth: size)
      add(columns(kept.queries, head, transposed: true), place(flow, head), sum, to: made.weight, 1, head)
      add(
        columns(queries, head, transposed: true), BLAS.Matrix(pointer: kept.askers.pointer, stride: size),
        sum,
        to: made.weight, 0, head)
    }
    Parallel.forEach(samples) { index in
      BLAS.multiply(
        BLAS.Matrix(pointer: queries.pointer + index * count * size, stride: size),
        BLAS.Matrix(pointer: weight.pointer, stride: size), into: made.x.pointer + index * tokens * size,
        stride: size, rows: count, columns: size, depth: size, accumulating: true)
    }
    guard bias != nil else { return [made.x, made.weight] }
    // [size] or [shards, size]
    let (ofQueries, ofValues) = (queries.columnSums(size), gradient.columnSums(size))
    var biases = Tensor.zeros(ofValues.shape.dropLast() + [3 * size])
    for row in 0..<ofValues.count / size {
      let target = biases.pointer + row * 3 * size
      target.update(from: ofQueries.pointer + row * size, count: size)
      (target + 2 * size).update(from: ofValues.pointer + row * size, count: size)
    }
    biases.mark = ofValues.mark
    return [made.x, made.weight, biases]
  }

  /// The gradient of the rows of one head, `[d, D]`.
  private func add(
    _ left: BLAS.Matrix, _ right: BLAS.Matrix, _ sum: SumOverShards, to all: Tensor, _ part: Int, _ head: Int
  ) {
    sum.product(
      left, { right.advanced(row: $0, column: 0) }, into: all.pointer + (part * size + head * width) * size,
      stride: size, rows: width, columns: size)
  }

  /// What flows into one sample's tokens through Σ_t a_t x_t and through the scores. `flow` holds the gradient of the
  /// former and then of q W_k.
  private func addTokenGradients(_ index: Int, _ flow: Tensor, _ kept: Kept, into made: Tensor) {
    let all = count * heads, target = made.pointer + index * tokens * size
    let own = flow.pointer + index * all * size
    withScratch(all * tokens) { scores in
      BLAS.multiply(
        sample(flow, index), tokens(index, transposed: true), into: scores, stride: tokens, rows: all,
        columns: tokens, depth: size)
      arbex_softmax_gradient(scores, scores, kept.shares.pointer + index * all * tokens, all, tokens)
      BLAS.multiply(
        sample(kept.shares, index, transposed: true), sample(flow, index), into: target, stride: size,
        rows: tokens, columns: size, depth: all)
      BLAS.multiply(
        BLAS.Matrix(pointer: scores, stride: tokens, transposed: true), sample(kept.keyed, index),
        into: target, stride: size, rows: tokens, columns: size, depth: all, scale: scale, accumulating: true)
      BLAS.multiply(
        BLAS.Matrix(pointer: scores, stride: tokens), tokens(index), into: own, stride: size, rows: all,
        columns: size, depth: tokens, scale: scale)
    }
  }
}
