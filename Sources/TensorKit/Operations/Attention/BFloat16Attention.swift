import CKernels

extension Attention {
  /// ``forward(_:_:)`` with queries, keys, values and attention weights rounded to bfloat16 before both products; scores
  /// and their softmax stay in 32-bit floats. Nothing is recorded.
  ///
  /// A piece of work is a head of a sample: its keys and values are brought into panels once.
  func forwardInBFloat16(_ inputs: [Tensor], _ bias: Tensor?) -> Tensor {
    let output = Tensor(uninitialized: [batch, length, size])
    let packedKeys = BFloat16Matrix.packedFloats(columns: keys, depth: width)
    let packedValues = BFloat16Matrix.packedFloats(columns: width, depth: keys)
    let asked = BFloat16Matrix.floats(rows: block, columns: width)
    let weights = BFloat16Matrix.floats(rows: block, columns: keys)
    Parallel.forEach(batch * heads) { piece in
      let index = piece / heads, head = piece % heads
      withScratch(packedKeys + packedValues + asked + weights + block * keys) { scratch in
        let right = BFloat16Matrix(scratch, columns: width),
          mixed = BFloat16Matrix(scratch + packedKeys, columns: keys)
        let left = BFloat16Matrix(scratch + packedKeys + packedValues, columns: width)
        let shares = BFloat16Matrix(scratch + packedKeys + packedValues + asked, columns: keys)
        let scores = scratch + packedKeys + packedValues + asked + weights
        arbex_bf16_pack(
          right.pointer, key.target(inputs, index, head, width: width), 1, key.stride, width, keys)
        arbex_bf16_pack(
          mixed.pointer, value.target(inputs, index, head, width: width), value.stride, 1, keys, width)
        for first in stride(from: 0, to: length, by: block) {
          let rows = min(block, length - first)
          left.convert(
            query.target(inputs, index / sharing, head, width: width, from: first), stride: query.stride,
            count: rows, columns: width)
          arbex_bf16_multiply(
            left.pointer, left.stride, right.pointer, scores, keys, rows, keys, width, scale)
          if let bias { arbex_add_into(scores, bias.pointer + (head * length + first) * keys, rows * keys) }
          arbex_softmax(scores, scores, rows, keys)
          shares.convert(scores, stride: keys, count: rows, columns: keys)
          arbex_bf16_multiply(
            shares.pointer, shares.stride, mixed.pointer,
            output.pointer + (index * length + first) * size + head * width, size, rows, width, keys, 1)
        }
      }
    }
    return output
  }
}
