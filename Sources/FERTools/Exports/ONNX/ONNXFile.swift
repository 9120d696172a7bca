import FERTraining
import Support

/// A graph as a file of ONNX: protobuf messages with the numbers that `onnx.proto` gives their fields.
///
/// Source: github.com/onnx/onnx, `onnx/onnx.proto` (ModelProto and what it holds).
struct ONNXFile {
  /// The operators are those of this version.
  static let operatorSet = 17
  /// The version of the format that goes with it: ONNX 1.12.
  private static let formatVersion = 8
  let graph: ONNXGraph
  /// Texts that travel with it, in this order.
  let metadata: [(key: String, text: String)]
  /// The most bytes that a reader of protobuf takes.
  var largest = Int(Int32.max)

  /// Writes the file; an old one stays until the new one is safe.
  /// - Returns: its size in bytes.
  /// - Throws: ``RunProblem`` where it would be larger than such a file can be.
  func write(to path: String) throws -> Int {
    let arrays = graph.initializers.reduce(0) { $0 + $1.size }
    let model = arrays > largest ? nil : message
    guard let model, model.count <= largest else {
      throw RunProblem.request(
        "\(path.printable): the model takes \(ByteCount.text(model?.count ?? arrays)), and an ONNX file holds at most "
          + "\(ByteCount.text(largest)) (the limit of its format, protobuf); export a smaller model")
    }
    try AtomicFile.write(to: path, size: model.count) { try model.write(to: $0) }
    return model.count
  }

  /// ModelProto.
  private var message: ProtobufMessage {
    var (model, operators) = (ProtobufMessage(), ProtobufMessage())
    model.add(1, Self.formatVersion)
    model.add(2, "arbex")
    model.add(3, Program.version)
    model.add(7, Self.message(of: graph))
    operators.add(1, "")
    operators.add(2, Self.operatorSet)
    model.add(8, operators)
    for (key, text) in metadata {
      var entry = ProtobufMessage()
      entry.add(1, key)
      entry.add(2, text)
      model.add(14, entry)
    }
    return model
  }

  /// GraphProto.
  private static func message(of graph: ONNXGraph) -> ProtobufMessage {
    var result = ProtobufMessage()
    for node in graph.nodes { result.add(1, message(of: node)) }
    result.add(2, graph.name)
    for array in graph.initializers { result.add(5, message(of: array)) }
    for input in graph.inputs { result.add(11, message(of: input)) }
    for output in graph.outputs { result.add(12, message(of: output)) }
    return result
  }

  /// NodeProto.
  private static func message(of node: ONNXGraph.Node) -> ProtobufMessage {
    var result = ProtobufMessage()
    for input in node.inputs { result.add(1, input) }
    for output in node.outputs { result.add(2, output) }
    result.add(3, node.outputs[0])
    result.add(4, node.type)
    for (name, value) in node.attributes { result.add(5, message(of: name, value)) }
    if !node.component.isEmpty { result.add(6, node.component) }
    return result
  }

  /// AttributeProto.
  private static func message(of name: String, _ value: ONNXGraph.Attribute) -> ProtobufMessage {
    var result = ProtobufMessage()
    result.add(1, name)
    switch value {
    case .number(let number):
      result.add(2, number)
      result.add(20, 1)
    case .integer(let number):
      result.add(3, number)
      result.add(20, 2)
    case .integers(let numbers):
      for number in numbers { result.add(8, number) }
      result.add(20, 7)
    }
    return result
  }

  /// TensorProto.
  private static func message(of array: ONNXGraph.Initializer) -> ProtobufMessage {
    var result = ProtobufMessage()
    for length in array.shape { result.add(1, length) }
    switch array.content {
    case .numbers(let tensor):
      result.add(2, 1)
      result.add(8, array.name)
      result.add(9, numbers: tensor)
    case .integers(let numbers):
      result.add(2, 7)
      result.add(8, array.name)
      result.add(9, integers: numbers)
    }
    return result
  }

  /// ValueInfoProto, TypeProto and TensorShapeProto.
  private static func message(of value: ONNXGraph.Value) -> ProtobufMessage {
    var (info, type, tensor, shape) = (
      ProtobufMessage(), ProtobufMessage(), ProtobufMessage(), ProtobufMessage()
    )
    for length in value.shape {
      var axis = ProtobufMessage()
      switch length {
      case .fixed(let length): axis.add(1, length)
      case .perImage(let count): axis.add(2, count == 1 ? "N" : "\(count)N")
      }
      shape.add(1, axis)
    }
    tensor.add(1, 1)
    tensor.add(2, shape)
    type.add(1, tensor)
    info.add(1, value.name)
    info.add(2, type)
    return info
  }
}
