import CKernels

extension Tensor {
  /// Rows of the first axis, by number; a row may come twice.
  public func gathered(rows: [Int]) -> Tensor {
    let limit = shape.first ?? 0, size = count / max(limit, 1)
    require(rows.allSatisfy { $0 >= 0 && $0 < limit }, "gather", "rows \(rows)", "\(limit) rows")
    let result = Tensor(uninitialized: [rows.count] + shape.dropFirst())
    for (place, row) in rows.enumerated() {
      (result.pointer + place * size).update(from: pointer + row * size, count: size)
    }
    let original = shape, isOfBatch = shards != nil
    return result.recorded(from: [self], as: .gatherRows(rows)) { gradient in
      // A row for each image, of what is none of the batch: the sum of each shard's.
      if !isOfBatch, let shards = gradient.shards, let ranges = shards.rows(rows.count) {
        var sums = Tensor.zeros([shards.count] + original)
        for (shard, range) in ranges.enumerated() {
          for place in range {
            arbex_add_into(
              sums.pointer + (shard * limit + rows[place]) * size, gradient.pointer + place * size, size)
          }
        }
        sums.mark = .shards(shards)
        return [sums]
      }
      let sums = Tensor.zeros(original)
      for (place, row) in rows.enumerated() {
        arbex_add_into(sums.pointer + row * size, gradient.pointer + place * size, size)
      }
      return [sums]
    }
  }

  /// Some rows of each sample, by their places in it; a place may come twice, and then gathers both gradients.
  ///
  /// ## Shapes
  /// `[N, T, ...]`, k places in 0 ..< T for each of the N samples → `[N, k, ...]`
  public func gathered(places: [[Int]]) -> Tensor {
    require(
      rank >= 2 && places.count == shape[0] && places.allSatisfy { $0.count == places[0].count }, "gather",
      "\(places.count) lists of \(Set(places.map(\.count)).sorted()) places",
      "\(shape): one list for each sample, all of one length")
    let (samples, length, rest) = (shape[0], shape[1], shape[2...])
    require(
      places.allSatisfy { $0.allSatisfy { (0..<length).contains($0) } }, "gather", "places \(places)",
      "0 ..< \(length)")
    let rows = places.enumerated().flatMap { sample, places in places.map { sample * length + $0 } }
    let result = reshaped([samples * length] + rest).gathered(rows: rows)
      .reshaped([samples, places.first?.count ?? 0] + rest)
    guard let tape, isTraced, let first = places.first, places.allSatisfy({ $0 == first }) else {
      return result
    }
    return tape.traced(result, as: .gatherPlaces(first), of: [self])
  }

  /// As ``gathered(places:)``, for places that scores have chosen: the first `leading` rows of each sample, and of the others those
  /// of the greatest scores, in their old order.
  ///
  /// ## Shapes
  /// `[N, T, ...]`, k rising places in 0 ..< T - leading for each sample, which are the ``topPlaces(_:)`` of scores
  /// `[N, T - leading]` → `[N, leading + k, ...]`
  public func gathered(strongest places: [[Int]], by scores: Tensor, behind leading: Int = 0) -> Tensor {
    require(
      rank >= 2 && scores.shape == [shape[0], shape[1] - leading], "gather",
      "scores of shape \(scores.shape)",
      "\(shape) behind \(leading)")
    let result = gathered(places: places.map { Array(0..<leading) + $0.map { leading + $0 } })
    guard let tape, isTraced else { return result }
    let count = places.first?.count ?? 0
    return tape.traced(result, as: .gatherStrongest(count: count, leading: leading), of: [self, scores])
  }
}
