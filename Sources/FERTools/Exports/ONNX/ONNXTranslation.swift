import FERTraining
import NeuralKit
import Support
import TensorKit

/// Writes a traced model down in the vocabulary of ONNX.
///
/// Maps are `[N, H, W, C]` here and `[N, C, H, W]` there. So a map has a name in either layout, the one it was made in, and
/// the other as soon as somebody reads it; what works element by element stays in the layout that it finds. Parameters keep
/// the names and the layout that they have in files of weights.
final class ONNXTranslation {
  /// The result of a step.
  struct Value {
    let shape: [BatchLength]
    /// Its name with the channels last, as here; of what is no map its only name.
    var last: String?
    /// Of a map, its name with the channels first.
    var first: String?

    /// Whether it is there with the channels first only.
    var isFirstOnly: Bool { last == nil }
  }

  /// What the graph takes.
  static let imageName = "image"

  var graph: ONNXGraph
  /// Of the steps so far.
  private(set) var values: [Value] = []
  /// What cannot be written, in sentences.
  private(set) var problems: [String] = []
  /// Whose step is written.
  private var component = ""
  private let parameters: [ObjectIdentifier: Parameter]
  /// What was made once and may serve again, by what it is.
  private var known: [String: String] = [:]

  /// - Parameter store: whose parameters keep their names.
  init(name: String, of store: ParameterStore) {
    graph = ONNXGraph(name: name)
    parameters = Dictionary(store.all.map { ($0.value.numbersIdentity, $0) }) { first, _ in first }
  }

  /// The graph of a trace whose first step is an image `[N, S, S, 3]`; the graph takes `[N, 3, S, S]`.
  /// - Throws: ``RunProblem`` with everything that cannot be written.
  static func graph(_ trace: BatchFreeTrace, name: String, of store: ParameterStore) throws -> ONNXGraph {
    let translation = ONNXTranslation(name: name, of: store)
    for step in trace.steps { translation.add(step) }
    for output in trace.outputs {
      translation.component = ""
      let source = translation.last(.step(output.step))
      translation.graph.nodes.append(
        ONNXGraph.Node(
          type: "Identity", inputs: [source], outputs: [output.name], attributes: [], component: ""))
      translation.graph.outputs.append(
        ONNXGraph.Value(name: output.name, shape: translation.values[output.step].shape))
    }
    guard translation.problems.isEmpty else { throw BatchFreeTrace.problem(translation.problems) }
    return translation.graph
  }

  /// Adds what a step does.
  func add(_ step: BatchFreeTrace.Step) {
    component = step.component
    values.append(value(of: step))
  }

  /// What cannot be written.
  func refuse(_ sentence: String, in step: BatchFreeTrace.Step) -> Value {
    problems.append("\(step.component.isEmpty ? "the model" : step.component): \(sentence)")
    return Value(shape: step.shape, last: "")
  }

  /// Adds a node.
  /// - Returns: the name of its first output.
  @discardableResult func node(
    _ type: String, _ inputs: [String], _ attributes: [(name: String, value: ONNXGraph.Attribute)] = [],
    outputs: Int = 1
  ) -> String {
    let name = "\(type)_\(graph.nodes.count)"
    graph.nodes.append(
      ONNXGraph.Node(
        type: type, inputs: inputs, outputs: [name] + (1..<outputs).map { "\(name)_\($0)" },
        attributes: attributes, component: component))
    return name
  }

  /// What was made once for all, or is made now.
  func once(_ key: String, _ make: () -> String) -> String {
    if let name = known[key] { return name }
    let name = make()
    known[key] = name
    return name
  }
}

// What steps work on.
extension ONNXTranslation {
  /// Its name with the channels last.
  func last(_ operand: BatchFreeTrace.Operand) -> String {
    switch operand {
    case .step(let index):
      if let name = values[index].last { return name }
      let name = node("Transpose", [values[index].first ?? ""], [("perm", .integers([0, 2, 3, 1]))])
      values[index].last = name
      return name
    case .constant(let tensor): return array(tensor)
    case .eachImage(let rows): return repeated(rows)
    }
  }

  /// The name of a map, or of what is combined with maps element by element, with the channels first; nil for what has none.
  func first(_ operand: BatchFreeTrace.Operand) -> String? {
    switch operand {
    case .step(let index):
      if let name = values[index].first { return name }
      guard canBeFirst(operand) else { return nil }
      let name = node("Transpose", [values[index].last ?? ""], [("perm", .integers([0, 3, 1, 2]))])
      values[index].first = name
      return name
    case .constant(let tensor):
      if tensor.count == 1 { return array(tensor, shape: [1]) }
      return canBeFirst(operand) ? array(tensor, shape: [tensor.count, 1, 1]) : nil
    case .eachImage: return nil
    }
  }

  /// Whether it has a name with the channels first.
  func canBeFirst(_ operand: BatchFreeTrace.Operand) -> Bool {
    switch operand {
    case .step(let index): values[index].shape.count == 4
    case .constant(let tensor): tensor.count == 1 || tensor.rank == 1
    case .eachImage: false
    }
  }

  /// A convolution's weights `[out, in / groups, height, width]`.
  func kernel(_ operand: BatchFreeTrace.Operand) -> String {
    guard case .constant(let tensor) = operand else {
      return node("Transpose", [last(operand)], [("perm", .integers([0, 3, 1, 2]))])
    }
    if let parameter = parameters[tensor.numbersIdentity], parameter.fileLayout == .convolution,
      parameter.shape == tensor.shape
    {
      return named(parameter)
    }
    let key = "kernel \(tensor.numbersIdentity) \(tensor.shape)"
    return once(key) { initializer(tensor.permuted([0, 3, 1, 2])) }
  }

  /// An array of the model.
  /// - Parameter shape: the shape that it is wanted in; nil for its own.
  func array(_ tensor: Tensor, shape wanted: [Int]? = nil) -> String {
    let shape = wanted ?? tensor.shape
    guard let parameter = parameters[tensor.numbersIdentity], parameter.fileLayout == .plain else {
      let numbers =
        tensor.count == 1 ? "\(tensor.item.bitPattern)" : "\(tensor.numbersIdentity)"
      return once("array \(numbers) \(shape)") { initializer(tensor.detached.reshaped(shape)) }
    }
    let name = named(parameter)
    if shape == parameter.shape { return name }
    return once("array \(name) \(shape)") { node("Reshape", [name, integers(shape)]) }
  }

  /// The two axes of an array exchanged.
  func transposed(_ name: String) -> String {
    once("transposed \(name)") { node("Transpose", [name], [("perm", .integers([1, 0]))]) }
  }

  /// Whole numbers.
  func integers(_ numbers: [Int]) -> String {
    once("integers \(numbers)") {
      let name = "integers_\(graph.initializers.count)"
      graph.initializers.append(
        ONNXGraph.Initializer(name: name, shape: [numbers.count], content: .integers(numbers)))
      return name
    }
  }

  /// One number, `[1]`.
  func number(_ value: Float) -> String { array(.scalar(value)) }

  /// A parameter under its own name, in the layout of files.
  private func named(_ parameter: Parameter) -> String {
    once("parameter \(parameter.name)") { initializer(parameter.fileValue, name: parameter.name) }
  }

  private func initializer(_ tensor: Tensor, name: String? = nil) -> String {
    let name = name ?? "constant_\(graph.initializers.count)"
    graph.initializers.append(
      ONNXGraph.Initializer(name: name, shape: tensor.shape, content: .numbers(tensor)))
    return name
  }

  /// Rows that are the same for every image, once for each.
  private func repeated(_ rows: Tensor) -> String {
    let own = array(rows, shape: [1] + rows.shape)
    let target = lengths([.perImage(1)] + rows.shape.map { _ in .fixed(1) })
    return node("Reshape", [node("Expand", [own, target]), integers([-1] + rows.shape.dropFirst())])
  }

  /// A shape as an array of whole numbers, worked out from the number of images where it must be.
  func lengths(_ shape: [BatchLength]) -> String {
    let fixed = shape.compactMap(\.fixed)
    if fixed.count == shape.count { return integers(fixed) }
    let batch = once("batch") {
      node("Shape", [Self.imageName], [("start", .integer(0)), ("end", .integer(1))])
    }
    let parts = shape.map { length in
      switch length {
      case .fixed(let length): integers([length])
      case .perImage(1): batch
      case .perImage(let count): once("batch \(count)") { node("Mul", [batch, integers([count])]) }
      }
    }
    return parts.count == 1 ? parts[0] : node("Concat", parts, [("axis", .integer(0))])
  }

  /// Whether one of a step's operands is a map with the channels first only, and so is its result.
  func isBetterFirst(_ step: BatchFreeTrace.Step) -> Bool {
    step.shape.count == 4
      && step.operands.contains { operand in
        if case .step(let index) = operand { return values[index].isFirstOnly }
        return false
      }
  }

  /// The shape of an operand.
  func shape(of operand: BatchFreeTrace.Operand) -> [BatchLength] {
    switch operand {
    case .step(let index): values[index].shape
    case .constant(let tensor): tensor.shape.map { .fixed($0) }
    case .eachImage(let rows): [.perImage(rows.shape[0])] + rows.shape.dropFirst().map { .fixed($0) }
    }
  }
}
