import FERCore
import FERTraining
import NeuralKit
import Support
import TensorKit

/// A model as a file for ONNX Runtime and whatever else reads ONNX.
///
/// The graph takes `image` `[N, 3, S, S]`, for any N, and gives `primary`, `terms.NAME` of every correction and `final`, each
/// `[N, C]`, in 32-bit floats. It is recorded from forward passes (``TracedModel``), so that every component is in it which
/// is made of this program's operations.
package struct ONNXExport {
  /// What a user may choose.
  package struct Options: Sendable {
    /// Whether the graph takes RGB in 0...1 and normalises it; else it takes what the network takes.
    package var normalises = true
    /// By which primary and final distributions are tempered; nil leaves them as they are.
    package var temperatures: Temperatures?

    package init() {}
  }

  private let file: ONNXFile
  private let model: TracedModel

  /// Records a model.
  /// - Throws: ``RunProblem`` with everything that cannot be written as ONNX; `ComponentFault`.
  package init(_ trained: TrainedModel, _ options: Options) throws {
    model = try TracedModel(
      trained, isNormalising: options.normalises, temperatures: options.temperatures)
    let graph = try ONNXTranslation.graph(
      try model.trace(), name: trained.recipe.name, of: trained.model.store)
    file = ONNXFile(graph: graph, metadata: try Self.metadata(trained, options))
  }

  /// Writes the file.
  /// - Returns: its size in bytes.
  package func write(to path: String) throws -> Int { try file.write(to: path) }

  /// How many operators the graph has.
  package var nodeCount: Int { file.graph.nodes.count }
  /// What goes in, and what comes out: "image [N, 3, 224, 224]".
  package var inputs: [String] { file.graph.inputs.map(\.summary) }
  package var outputs: [String] { file.graph.outputs.map(\.summary) }
  /// The version of the operators.
  package static var operatorSet: Int { ONNXFile.operatorSet }

  /// What the graph's outputs are by this program's own operations, in the graph's order.
  /// - Parameter images: `[N, S, S, 3]`.
  package func expected(of images: Tensor) throws -> [(name: String, tensor: Tensor)] {
    try model.outputs(of: images)
  }

  /// What a program that uses the file must know.
  private static func metadata(_ trained: TrainedModel, _ options: Options) throws -> [(
    key: String, text: String
  )] {
    let recipe = trained.recipe
    var preprocessing = try JSONValue.encoding(recipe.input).members ?? [:]
    if let views = recipe.effective["input"]?["views"], recipe.views != nil {
      preprocessing["views"] = views
    }
    let channels = recipe.input.channels == .bgr && !options.normalises ? "BGR" : "RGB"
    let range = options.normalises ? "0...1" : "normalised"
    return [
      ("classes", JSONValue.texts(recipe.classes).oneLine),
      ("preprocessing", JSONValue.object(preprocessing).oneLine),
      ("image", "float32 [N, 3, \(recipe.input.size), \(recipe.input.size)], \(channels), \(range)"),
      ("recipe", recipe.name), ("recipeHash", recipe.hash),
    ]
      + (try options.temperatures.map { [("temperatures", try JSONValue.text(encoding: $0))] } ?? [])
  }
}

extension ONNXGraph.Value {
  /// "primary [N, 7]"
  fileprivate var summary: String {
    let lengths = shape.map { length in
      switch length {
      case .fixed(let length): "\(length)"
      case .perImage(let count): count == 1 ? "N" : "\(count)N"
      }
    }
    return "\(name) [\(lengths.joined(separator: ", "))]"
  }
}
