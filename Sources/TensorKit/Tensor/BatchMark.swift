/// What a tensor has to do with the batch of a step: a tensor cannot tell by itself the axis of the images from one of a
/// parameter's (`anchors.mean(along: 0)`).
///
/// The images are marked (``Tensor/of(_:)``), and what is made from something marked is too, as are the gradients that
/// flow back into it. A mark decides in what order sums over the batch are made, never what they are: where it is missing, a
/// sum is right, and only its last bits may depend on how many processes share the batch.
enum BatchMark: Sendable {
  case none
  /// Its numbers lie image by image, equally many for each of the images.
  case rows(Shards)
  /// A sum over a batch that is not yet made: its leading axis is that of the shards.
  case shards(Shards)
}

extension Tensor {
  /// The same tensor as one of a batch: its rows are the images of `shards`, or equally many for each, image by image.
  package func of(_ shards: Shards) -> Tensor {
    require(
      shards.rows(shape.first ?? 0) != nil, "batch", "\(shape)",
      "rows for each of \(shards.images.count) images")
    var result = self
    result.mark = .rows(shards)
    return result
  }

  /// The same tensor as one that knows of no batch.
  package var withoutBatch: Tensor {
    var result = self
    result.mark = .none
    return result
  }

  /// The batch that its rows are of.
  package var shards: Shards? { if case .rows(let shards) = mark { shards } else { nil } }

  /// The same, of the batch that `other` is of, where it has rows for each of its images.
  package func ofSameBatch(as other: Tensor) -> Tensor {
    var result = self
    result.mark = Self.mark(of: [other], for: shape)
    return result
  }

  /// The mark of what is made from `inputs`.
  static func mark(of inputs: [Tensor], for shape: [Int]) -> BatchMark {
    guard let shards = inputs.lazy.compactMap(\.shards).first, shards.rows(shape.first ?? 1) != nil else {
      return .none
    }
    return .rows(shards)
  }

  /// The sum where it is not yet made: the shards pairwise, as a tree. Anything else is itself.
  var folded: Tensor {
    guard case .shards(let shards) = mark else { return self }
    let shape = Array(shape.dropFirst())
    if shards.count == 1 { return Tensor(shape: shape, storage: storage) }
    let result = Tensor(uninitialized: shape), size = result.count, sum = SumOverShards(shards)
    Parallel.forEachBlock(of: size, size: 1 << 13) { range in
      sum.block(into: result.pointer + range.lowerBound, stride: size, rows: 1, columns: range.count) {
        shard, target, _, _ in
        target.update(from: pointer + shard * size + range.lowerBound, count: range.count)
      }
    }
    return result
  }

  /// The finished sum over the whole batch, also where other processes hold the rest of it.
  /// - Parameter batch: what was summed.
  func summedOverProcesses(of batch: Tensor) -> Tensor {
    var total = folded
    batch.shards?.sumOverProcesses(&total)
    return total
  }

  /// The rows of all processes that share a batch, one's behind the other's; their gradient goes back to this one's own.
  ///
  /// ## Shapes
  /// `[rows, ...]` → `[rows of all processes, ...]`
  package func gathered(over shards: Shards) -> Tensor {
    let rows = shape.first ?? 0
    require(shards.rows(rows) != nil, "gather", "\(shape)", "rows for each of \(shards.images.count) images")
    let all = Tensor([shards.totalRows(rows)] + shape.dropFirst(), shards.gatheredOverProcesses(values))
    let first = rows / shards.images.count * (shards.images.lowerBound - shards.whole.images.lowerBound)
    // Also of a single process an operation, so that gradients are added in the same order.
    var result = all.recorded(from: [self], leavingBatch: true, as: nil) { gradient in
      [gradient.sliced(along: 0, from: first, count: rows)]
    }
    result.mark = .rows(shards.whole)
    return result
  }

  /// The numbers of one shard, of a sum that is not yet made.
  func ofShard(_ index: Int) -> Tensor {
    let result = Tensor(uninitialized: Array(shape.dropFirst()))
    result.pointer.update(from: pointer + index * result.count, count: result.count)
    return result
  }

  /// One of several sums that were made at once: of `[sums, ...]`, or, where they are not yet made, `[shards, sums, ...]`.
  func sum(_ index: Int) -> Tensor {
    guard case .shards(let shards) = mark else {
      return sliced(along: 0, from: index, count: 1).reshaped(Array(shape.dropFirst()))
    }
    var result = withoutBatch.sliced(along: 1, from: index, count: 1).reshaped(
      [shards.count] + shape.dropFirst(2))
    result.mark = mark
    return result
  }
}
