extension Attention {
  /// What ``forward(_:_:)`` computes, by one operation after another: for a ``Trace``.
  func composed(_ inputs: [Tensor], _ bias: Tensor?) -> Tensor {
    var queries = eachHead(query, inputs)  // [Bq, heads, T, d]
    if sharing > 1 {
      queries = queries.expanded(at: 1).broadcast(to: [query.batch, sharing, heads, length, width])
        .reshaped([batch, heads, length, width])
    }
    var scores = queries.matmul(eachHead(key, inputs), transposingOther: true) * scale  // [B, heads, T, S]
    if let bias { scores = scores + bias }
    return scores.softmax(along: -1).matmul(eachHead(value, inputs)).permuted([0, 2, 1, 3])
      .reshaped([batch, length, size])
  }

  /// `[B, heads, tokens, d]`
  private func eachHead(_ part: AttentionPart, _ inputs: [Tensor]) -> Tensor {
    let all = inputs[part.input]
    let own =
      part.size == part.stride ? all : all.sliced(along: 2, from: part.column, count: part.size)
    return own.reshaped([part.batch, part.length, heads, width]).permuted([0, 2, 1, 3])
  }
}
