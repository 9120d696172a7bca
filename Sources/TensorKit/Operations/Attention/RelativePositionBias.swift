import CKernels

extension Tensor {
  /// The bias of each pair of positions in a square window, read from a table of their relative positions (Liu et
  /// al. 2021, Swin Transformer, equation 4): for a query at (y, x) and a key at (y', x') in a window of side w
  ///
  ///     bias = table[(y - y' + w - 1)(2w - 1) + x - x' + w - 1]
  ///
  /// ## Shapes
  /// self `[(2w - 1)², heads]` → `[heads, w², w²]`, query first
  public func relativePositionBias(window: Int) -> Tensor {
    let span = 2 * window - 1, tokens = window * window
    require(
      rank == 2 && shape[0] == span * span, "relative position bias", "\(shape)",
      "[\(span * span), heads] for a window of \(window)")
    let heads = shape[1]
    let result = Tensor(uninitialized: [heads, tokens, tokens])
    let pieces = RelativePositions(window: window, heads: heads)
    Parallel.forEach(heads) { head in
      withScratch(span * span) { reversed in
        for i in 0..<span * span { reversed[span * span - 1 - i] = pointer[i * heads + head] }
        pieces.forEachRun(of: head) { (result.pointer + $0).update(from: reversed + $1, count: window) }
      }
    }
    let original = shape
    return result.recorded(from: [self]) { gradient in
      let spread = Tensor(uninitialized: original)
      Parallel.forEach(heads) { head in
        withScratch(span * span) { reversed in
          arbex_fill(reversed, 0, span * span)
          pieces.forEachRun(of: head) { arbex_add_into(reversed + $1, gradient.pointer + $0, window) }
          for i in 0..<span * span { spread.pointer[i * heads + head] = reversed[span * span - 1 - i] }
        }
      }
      return [spread]
    }
  }
}

/// In the table of one head, read from back to front, the biases of one query and one row of keys are neighbours.
private struct RelativePositions {
  let window, heads: Int

  /// Calls `body` with the start of each such run in the bias and in the reversed table.
  func forEachRun(of head: Int, _ body: (_ bias: Int, _ table: Int) -> Void) {
    let span = 2 * window - 1, tokens = window * window
    for query in 0..<tokens {
      let (y, x) = (query / window, query % window)
      for row in 0..<window {
        body((head * tokens + query) * tokens + row * window, (window - 1 - y + row) * span + window - 1 - x)
      }
    }
  }
}
