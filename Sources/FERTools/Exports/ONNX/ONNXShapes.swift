import TensorKit

// Operations that move numbers, and those that bring several to one.
extension ONNXTranslation {
  /// Adds the nodes of a step that moves numbers.
  func rearranged(_ step: BatchFreeTrace.Step) -> Value {
    let source = step.operands[0]
    switch step.operation {
    case .reshape: return made(step, node("Reshape", [last(source), target(step.shape)]))
    case .broadcast: return made(step, node("Expand", [last(source), expansion(step)]))
    case .permute(let order): return permuted(step, order)
    case .gatherPlaces(let places):
      return made(step, node("Gather", [last(source), integers(places)], [("axis", .integer(1))]))
    case .gatherRows(let rows):
      guard shape(of: source).first?.fixed != nil else {
        return refuse("takes rows \(rows.prefix(8)) of a batch by their numbers", in: step)
      }
      return made(step, node("Gather", [last(source), integers(rows)], [("axis", .integer(0))]))
    case .gatherStrongest(let count, let leading): return strongest(step, count, leading)
    case .sort(let descending):
      guard let count = step.shape.last?.fixed else { return refuse("sorts a whole batch", in: step) }
      let attributes = [("axis", ONNXGraph.Attribute.integer(-1)), ("largest", .integer(descending ? 1 : 0))]
      return made(step, node("TopK", [last(source), integers([count])], attributes, outputs: 2))
    case .stride(let every):
      let isFirst = isBetterFirst(step), x = isFirst ? first(source) ?? "" : last(source)
      let axes = integers(isFirst ? [2, 3] : [1, 2])
      let name = node(
        "Slice",
        [x, integers([0, 0]), integers([Int(Int32.max), Int(Int32.max)]), axes, integers([every, every])])
      return isFirst ? madeFirst(step, name) : made(step, name)
    case .resize(let mode): return resized(step, mode)
    case .concatenate(let axis): return concatenated(step, axis)
    case .slice(let axis, let start): return sliced(step, axis, start)
    case .interleave: return interleaved(step)
    default: return refuse("\(step.operation) moves nothing", in: step)
    }
  }

  /// The shape for `Reshape`, where -1 is the one axis that follows from the others.
  private func target(_ shape: [BatchLength]) -> String {
    let free = shape.count { $0.fixed == nil }
    return free > 1 ? lengths(shape) : integers(shape.map { $0.fixed ?? -1 })
  }

  /// The shape for `Expand`, where 1 leaves an axis as it is.
  private func expansion(_ step: BatchFreeTrace.Step) -> String {
    let old = shape(of: step.operands[0]), missing = step.shape.count - old.count
    return lengths(
      step.shape.enumerated().map { place, length in
        place >= missing && old[place - missing] == length ? .fixed(1) : length
      })
  }

  private func permuted(_ step: BatchFreeTrace.Step, _ order: [Int]) -> Value {
    if order == [0, 3, 1, 2], case .step(let index) = step.operands[0], values[index].isFirstOnly,
      let name = first(step.operands[0])
    {
      return made(step, name)
    }
    return made(step, node("Transpose", [last(step.operands[0])], [("perm", .integers(order))]))
  }

  /// Equal scores: the lower place first, there as here.
  private func strongest(_ step: BatchFreeTrace.Step, _ count: Int, _ leading: Int) -> Value {
    let (x, scores) = (last(step.operands[0]), last(step.operands[1]))
    let best = node(
      "TopK", [scores, integers([count])], [("axis", .integer(-1)), ("largest", .integer(1))], outputs: 2)
    let places = node(
      "TopK", ["\(best)_1", integers([count])], [("axis", .integer(-1)), ("largest", .integer(0))], outputs: 2
    )
    let rows = node(
      "Unsqueeze", [leading == 0 ? places : node("Add", [places, integers([leading])]), integers([-1])])
    let kept = node("GatherND", [x, rows], [("batch_dims", .integer(1))])
    guard leading > 0 else { return made(step, kept) }
    let before = node("Slice", [x, integers([0]), integers([leading]), integers([1])])
    return made(step, node("Concat", [before, kept], [("axis", .integer(1))]))
  }

  /// Both passes as products with the weights of neighbours, which are the same for all images.
  private func resized(_ step: BatchFreeTrace.Step, _ mode: Tensor.Interpolation) -> Value {
    let (old, new) = (shape(of: step.operands[0]).map(\.fixed), step.shape.map(\.fixed))
    guard let x = first(step.operands[0]), let height = old[1], let width = old[2], let newHeight = new[1],
      let newWidth = new[2]
    else { return refuse("a map that grows with the batch is resized", in: step) }
    let rows = ResizeTable(from: height, to: newHeight, mode).matrix(from: height)
    let columns = ResizeTable(from: width, to: newWidth, mode).matrix(from: width).permuted([1, 0])
    let key = { (tensor: Tensor, name: String) in
      self.once("\(name) \(mode) \(tensor.shape)") { self.array(tensor) }
    }
    let tall = height == newHeight ? x : node("MatMul", [key(rows, "rows"), x])
    return madeFirst(step, width == newWidth ? tall : node("MatMul", [tall, key(columns, "columns")]))
  }

  /// Where the axes of a map stand with the channels first.
  private static let firstAxes = [0, 2, 3, 1]

  private func concatenated(_ step: BatchFreeTrace.Step, _ axis: Int) -> Value {
    let areMaps = step.operands.allSatisfy { operand in
      if case .step = operand { return canBeFirst(operand) }
      return false
    }
    if isBetterFirst(step), areMaps {
      return madeFirst(
        step,
        node("Concat", step.operands.compactMap(first), [("axis", .integer(Self.firstAxes[axis]))]))
    }
    return made(step, node("Concat", step.operands.map(last), [("axis", .integer(axis))]))
  }

  private func sliced(_ step: BatchFreeTrace.Step, _ axis: Int, _ start: Int) -> Value {
    let source = step.operands[0]
    guard shape(of: source)[axis].fixed != nil, let count = step.shape[axis].fixed else {
      if shape(of: source) == step.shape { return made(step, last(source)) }
      return refuse("takes rows from \(start) on of a batch by their numbers", in: step)
    }
    let isFirst = isBetterFirst(step), place = isFirst ? Self.firstAxes[axis] : axis
    let x = isFirst ? first(source) ?? "" : last(source)
    let name = node("Slice", [x, integers([start]), integers([start + count]), integers([place])])
    return isFirst ? madeFirst(step, name) : made(step, name)
  }

  private func interleaved(_ step: BatchFreeTrace.Step) -> Value {
    let isFirst = isBetterFirst(step), axis = isFirst ? 2 : step.shape.count
    let parts = step.operands.map { operand in
      node("Unsqueeze", [isFirst ? first(operand) ?? "" : last(operand), integers([axis])])
    }
    let pairs = node("Concat", parts, [("axis", .integer(axis))])
    guard isFirst else { return made(step, node("Reshape", [pairs, target(step.shape)])) }
    return madeFirst(step, node("Reshape", [pairs, target([0, 3, 1, 2].map { step.shape[$0] })]))
  }

  /// Adds the nodes of a step that brings several numbers to one.
  func reduced(_ step: BatchFreeTrace.Step) -> Value {
    let source = step.operands[0]
    switch step.operation {
    case .maxPool(let kernel, let stride, let padding):
      return pooled("MaxPool", step, kernel, stride, padding)
    case .averagePool(let kernel, let stride): return pooled("AveragePool", step, kernel, stride, 0)
    case .sum(let axes, let keepsDimensions):
      guard !axes.isEmpty else { return made(step, last(source)) }
      let name = node(
        "ReduceSum", [last(source), integers(axes)], [("keepdims", .integer(keepsDimensions ? 1 : 0))])
      return made(step, axed(name, of: step, axes.count, keepsDimensions))
    case .maximum(let axis): return extreme("ReduceMax", step, axis)
    case .minimum(let axis): return extreme("ReduceMin", step, axis)
    default: return refuse("\(step.operation) reduces nothing", in: step)
    }
  }

  private func extreme(_ type: String, _ step: BatchFreeTrace.Step, _ axis: Int) -> Value {
    let name = node(
      type, [last(step.operands[0])], [("axes", .integers([axis])), ("keepdims", .integer(0))])
    return made(step, axed(name, of: step, 1, false))
  }

  /// A single number has one axis here, and none there.
  private func axed(_ name: String, of step: BatchFreeTrace.Step, _ count: Int, _ keepsDimensions: Bool)
    -> String
  {
    let isSingle = !keepsDimensions && shape(of: step.operands[0]).count == count
    return isSingle ? node("Reshape", [name, integers([1])]) : name
  }

  private func pooled(
    _ type: String, _ step: BatchFreeTrace.Step, _ kernel: Int, _ stride: Int, _ padding: Int
  ) -> Value {
    guard let x = first(step.operands[0]) else { return refuse("a pooling of what is no map", in: step) }
    return madeFirst(
      step,
      node(
        type, [x],
        [
          ("kernel_shape", .integers([kernel, kernel])),
          ("pads", .integers([Int](repeating: padding, count: 4))),
          ("strides", .integers([stride, stride])),
        ]))
  }
}

extension ResizeTable {
  /// The pass as a product from the left: row i holds the weights of output pixel i, `[target, source]`.
  fileprivate func matrix(from source: Int) -> Tensor {
    var weights = [Float](repeating: 0, count: starts.count * source)
    for (output, start) in starts.enumerated() {
      for tap in 0..<taps { weights[output * source + Int(start) + tap] += self.weights[output * taps + tap] }
    }
    return Tensor([starts.count, source], weights)
  }
}
