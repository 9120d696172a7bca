import TensorKit

// What each kind of operation is in ONNX.
extension ONNXTranslation {
  /// Adds the nodes of a step.
  func value(of step: BatchFreeTrace.Step) -> Value {
    switch step.operation {
    case .input:
      graph.inputs.append(
        ONNXGraph.Value(name: Self.imageName, shape: [0, 3, 1, 2].map { step.shape[$0] }))
      return Value(shape: step.shape, first: Self.imageName)
    case .unknown(let name):
      return refuse("the operation \"\(name)\" has no counterpart in ONNX", in: step)
    case .add: return combined("Add", step)
    case .subtract: return combined("Sub", step)
    case .multiply: return combined("Mul", step)
    case .divide: return combined("Div", step)
    case .squareRoot: return mapped(step) { node("Sqrt", [$0]) }
    case .exp: return mapped(step) { node("Exp", [$0]) }
    case .log: return mapped(step) { node("Log", [$0]) }
    case .sigmoid: return mapped(step) { node("Sigmoid", [$0]) }
    case .relu: return mapped(step) { node("Relu", [$0]) }
    case .gelu: return mapped(step, gelu)
    case .tanh: return mapped(step) { node("Tanh", [$0]) }
    case .abs: return mapped(step) { node("Abs", [$0]) }
    case .power(let exponent): return mapped(step) { node("Pow", [$0, number(exponent)]) }
    case .clamp(let lowest, let highest):
      return mapped(step) {
        node("Clip", [$0] + (highest.isFinite ? [bound(lowest), bound(highest)] : [bound(lowest)]))
      }
    case .select: return select(step)
    case .reshape, .broadcast, .permute, .gatherPlaces, .gatherRows, .gatherStrongest, .sort, .stride,
      .resize,
      .concatenate, .slice, .interleave:
      return rearranged(step)
    case .maxPool, .averagePool, .sum, .maximum, .minimum: return reduced(step)
    case .softmax: return made(step, node("Softmax", [last(step.operands[0])], [("axis", .integer(-1))]))
    case .logSoftmax:
      return made(step, node("LogSoftmax", [last(step.operands[0])], [("axis", .integer(-1))]))
    case .linear: return linear(step)
    case .matmul(let transposesOther): return product(step, transposesOther)
    case .convolution(let stride, let padding, let dilation, let groups):
      return convolution(step, stride: stride, padding: padding, dilation: dilation, groups: groups)
    case .batchNormalization(let epsilon): return batchNormalization(step, epsilon)
    case .layerNormalization(let epsilon):
      return made(
        step,
        node(
          "LayerNormalization", step.operands.map(last),
          [("axis", .integer(-1)), ("epsilon", .number(epsilon))]))
    case .prelu: return prelu(step)
    }
  }

  /// A result with the channels last, or of what is no map.
  func made(_ step: BatchFreeTrace.Step, _ name: String) -> Value { Value(shape: step.shape, last: name) }

  /// A map with the channels first.
  func madeFirst(_ step: BatchFreeTrace.Step, _ name: String) -> Value {
    Value(shape: step.shape, first: name)
  }

  /// Element by element, in the layout that is there.
  private func mapped(_ step: BatchFreeTrace.Step, _ body: (String) -> String) -> Value {
    if isBetterFirst(step), let name = first(step.operands[0]) { return madeFirst(step, body(name)) }
    return made(step, body(last(step.operands[0])))
  }

  private func combined(_ type: String, _ step: BatchFreeTrace.Step) -> Value {
    if isBetterFirst(step), step.operands.allSatisfy(canBeFirst) {
      return madeFirst(step, node(type, step.operands.compactMap(first)))
    }
    return made(step, node(type, step.operands.map(last)))
  }

  /// x / 2 (1 + erf(x / √2)), in the order in which ONNX Runtime knows it.
  private func gelu(_ x: String) -> String {
    let inner = node("Erf", [node("Div", [x, number(Float(2).squareRoot())])])
    return node("Mul", [node("Mul", [x, node("Add", [inner, number(1)])]), number(0.5)])
  }

  /// A bound of `Clip`, which must be a single number without axes; "" for none.
  private func bound(_ value: Float) -> String {
    value.isFinite ? array(.scalar(value), shape: []) : ""
  }

  private func select(_ step: BatchFreeTrace.Step) -> Value {
    let names = step.operands.map(last)
    let isChosen = node("Cast", [names[0]], [("to", .integer(9))])  // 9 is BOOL
    return made(step, node("Where", [isChosen, names[1], names[2]]))
  }

  private func linear(_ step: BatchFreeTrace.Step) -> Value {
    let (x, operands) = (last(step.operands[0]), step.operands)
    let inputs = shape(of: operands[0]).last?.fixed ?? 0, outputs = step.shape.last?.fixed ?? 0
    let weight: String
    switch operands[1] {
    case .constant(let tensor): weight = array(tensor, shape: [outputs, inputs])
    default: weight = last(operands[1])
    }
    let bias = operands.dropFirst(2).map(last)
    guard step.shape.count != 2 else {
      return made(step, node("Gemm", [x, weight] + bias, [("transB", .integer(1))]))
    }
    let product = node("MatMul", [x, transposed(weight)])
    return made(step, bias.isEmpty ? product : node("Add", [product] + bias))
  }

  private func product(_ step: BatchFreeTrace.Step, _ transposesOther: Bool) -> Value {
    let (left, right) = (last(step.operands[0]), last(step.operands[1]))
    guard transposesOther else { return made(step, node("MatMul", [left, right])) }
    let rank = shape(of: step.operands[1]).count
    let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
    return made(step, node("MatMul", [left, node("Transpose", [right], [("perm", .integers(order))])]))
  }

  private func convolution(
    _ step: BatchFreeTrace.Step, stride: Int, padding: Int, dilation: Int, groups: Int
  ) -> Value {
    let weight = shape(of: step.operands[1]).compactMap(\.fixed)
    guard let x = first(step.operands[0]), weight.count == 4 else {
      return refuse("a convolution of what is no map", in: step)
    }
    return madeFirst(
      step,
      node(
        "Conv", [x, kernel(step.operands[1])] + step.operands.dropFirst(2).map(last),
        [
          ("dilations", .integers([dilation, dilation])), ("group", .integer(groups)),
          ("kernel_shape", .integers(Array(weight[1...2]))),
          ("pads", .integers([Int](repeating: padding, count: 4))), ("strides", .integers([stride, stride])),
        ]))
  }

  private func batchNormalization(_ step: BatchFreeTrace.Step, _ epsilon: Float) -> Value {
    let (rank, numbers) = (step.shape.count, step.operands.dropFirst().map(last))
    let attributes: [(name: String, value: ONNXGraph.Attribute)] = [("epsilon", .number(epsilon))]
    if rank == 4, let x = first(step.operands[0]) {
      return madeFirst(step, node("BatchNormalization", [x] + numbers, attributes))
    }
    let x = last(step.operands[0])
    if rank == 2 { return made(step, node("BatchNormalization", [x] + numbers, attributes)) }
    // The second axis holds the channels there.
    let there = [0, rank - 1] + (1..<max(1, rank - 1)), back = [0] + (2..<max(2, rank)) + [1]
    let turned = node("Transpose", [x], [("perm", .integers(there))])
    let normed = node("BatchNormalization", [turned] + numbers, attributes)
    return made(step, node("Transpose", [normed], [("perm", .integers(Array(back)))]))
  }

  private func prelu(_ step: BatchFreeTrace.Step) -> Value {
    if case .constant(let slope) = step.operands[1], slope.withValues({ $0.allSatisfy { $0 == 0 } }) {
      return mapped(step) { node("Relu", [$0]) }
    }
    return combined("PRelu", step)
  }
}
