import CKernels

extension Tensor {
  /// Multi-head scaled dot-product attention (Vaswani et al. 2017, equation 1), with an optional bias per head
  /// and pair of positions.
  ///
  ///     A = softmax(q kᵀ / √d + bias),  output = A v      for each head, d = D / heads
  ///
  /// The attention weights are not kept for the backward pass but computed again, which costs one product and
  /// saves `[B, heads, T, S]` numbers.
  ///
  /// ## Shapes
  /// query `[Bq, T, D]`, key and value `[B, S, D]`, bias `[heads, T, S]` → `[B, T, D]`. B is a multiple of Bq: each
  /// query serves B / Bq neighbouring keys (the windows of one image).
  public static func attention(query: Tensor, key: Tensor, value: Tensor, heads: Int, bias: Tensor? = nil) -> Tensor {
    require(Attention.issue(query.shape, key.shape, value.shape, heads, bias?.shape))
    let attention = Attention(query: query.shape, key: key.shape, heads: heads)
    let (q, k, v, b) = (query.detached, key.detached, value.detached, bias?.detached)
    let output = attention.forward(q, k, v, b)
    let wantsBias = bias?.isTracked ?? false
    return output.recorded(from: [query, key, value] + (bias.map { [$0] } ?? []), work: attention.work) {
      attention.backward($0, q, k, v, b, wantsBias: wantsBias)
    }
  }
}

/// The sizes of an attention, and its loops.
struct Attention {
  let queries, batch, length, keys, size, heads: Int
  private var width: Int { size / heads }
  private var scale: Float { 1 / Float(width).squareRoot() }
  /// Multiply-adds of both products.
  var work: Int { 2 * batch * length * keys * size }
  /// Neighbouring keys that share a query.
  private var sharing: Int { batch / queries }

  init(query: [Int], key: [Int], heads: Int) {
    (queries, length, size) = (query[0], query[1], query[2])
    (batch, keys) = (key[0], key[1])
    self.heads = heads
  }

  static func issue(_ query: [Int], _ key: [Int], _ value: [Int], _ heads: Int, _ bias: [Int]?) -> ShapeIssue? {
    let found = "query \(query), key \(key), value \(value), bias \(bias ?? []), \(heads) heads"
    guard query.count == 3, key.count == 3, key == value, query[2] == key[2] else {
      return ShapeIssue("attention", found, "[Bq, T, D], [B, S, D], [B, S, D]")
    }
    guard heads >= 1, query[2] % heads == 0, query[0] >= 1, key[0] % query[0] == 0 else {
      return ShapeIssue("attention", found, "heads that divide D, and B a multiple of Bq")
    }
    return bias == nil || bias == [heads, query[1], key[1]]
      ? nil : ShapeIssue("attention", found, "a bias of [heads, T, S]")
  }

  private func head(_ tensor: Tensor, _ index: Int, _ head: Int, _ rows: Int, transposed: Bool = false) -> BLAS.Matrix {
    BLAS.Matrix(pointer: tensor.pointer + index * rows * size + head * width, stride: size, transposed: transposed)
  }

  /// The attention weights of one head, `[T, S]`.
  private func weights(
    _ q: Tensor, _ k: Tensor, _ bias: Tensor?, _ index: Int, _ head: Int, into scores: UnsafeMutablePointer<Float>
  ) {
    BLAS.multiply(
      self.head(q, index / sharing, head, length), self.head(k, index, head, keys, transposed: true), into: scores,
      stride: keys, rows: length, columns: keys, depth: width, scale: scale)
    if let bias { arbex_add_into(scores, bias.pointer + head * length * keys, length * keys) }
    arbex_softmax(scores, scores, length, keys)
  }

  func forward(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ bias: Tensor?) -> Tensor {
    let output = Tensor(uninitialized: [batch, length, size])
    Parallel.forEach(batch * heads) { piece in
      let index = piece / heads, head = piece % heads
      withScratch(length * keys) { scores in
        weights(q, k, bias, index, head, into: scores)
        BLAS.multiply(
          BLAS.Matrix(pointer: scores, stride: keys), self.head(v, index, head, keys),
          into: output.pointer + index * length * size + head * width, stride: size, rows: length, columns: width,
          depth: keys)
      }
    }
    return output
  }

  /// Gradients of query, key, value and (where wanted) bias.
  ///
  /// A piece of work is one head of a run of images: it alone writes their gradients, and its share of the
  /// bias gradient, which is then added in order.
  func backward(
    _ gradient: Tensor, _ q: Tensor, _ k: Tensor, _ v: Tensor, _ bias: Tensor?, wantsBias: Bool
  ) -> [Tensor?] {
    let (dq, dk, dv) = (Tensor.zeros(q.shape), Tensor(uninitialized: k.shape), Tensor(uninitialized: v.shape))
    let runs = wantsBias ? min(queries, max(1, 8 / heads)) : queries
    let square = length * keys
    let shares = wantsBias ? Tensor.zeros([runs, heads, length, keys]) : nil
    Parallel.forEach(runs * heads) { piece in
      let run = piece / heads, head = piece % heads
      let first = run * queries / runs * sharing, last = (run + 1) * queries / runs * sharing
      withScratch(2 * square) { scratch in
        let (scores, flow) = (scratch, scratch + square)
        for index in first..<last {
          weights(q, k, bias, index, head, into: scores)
          let incoming = self.head(gradient, index, head, length)
          BLAS.multiply(
            BLAS.Matrix(pointer: scores, stride: keys, transposed: true), incoming,
            into: dv.pointer + index * keys * size + head * width, stride: size, rows: keys, columns: width,
            depth: length)
          BLAS.multiply(
            incoming, self.head(v, index, head, keys, transposed: true), into: flow, stride: keys, rows: length,
            columns: keys, depth: width)
          arbex_softmax_gradient(flow, flow, scores, length, keys)
          if let shares { arbex_add_into(shares.pointer + (run * heads + head) * square, flow, square) }
          BLAS.multiply(
            BLAS.Matrix(pointer: flow, stride: keys), self.head(k, index, head, keys),
            into: dq.pointer + index / sharing * length * size + head * width, stride: size, rows: length,
            columns: width, depth: keys, scale: scale, accumulating: true)
          BLAS.multiply(
            BLAS.Matrix(pointer: flow, stride: keys, transposed: true), self.head(q, index / sharing, head, length),
            into: dk.pointer + index * keys * size + head * width, stride: size, rows: keys, columns: width,
            depth: length, scale: scale)
        }
      }
    }
    return [dq, dk, dv] + (bias == nil ? [] : [shares?.sum(along: 0)])
  }
}
