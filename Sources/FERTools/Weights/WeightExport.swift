import FERTraining
import FERCore
import NeuralKit
import TensorKit
import Support

/// Writes a model's weights under published names, in PyTorch's layout: the way back to Python.
package enum WeightExport {
  /// Reads weights that this program wrote, and writes them as safetensors under a naming's names. What published
  /// models do not have keeps the name it has here; the texts of the header stay, those of training apart.
  /// - Returns: how many arrays were written.
  /// - Throws: `FileProblem` where the file is damaged, ``RunProblem`` where it is none of this program's.
  @discardableResult
  package static func write(_ source: String, naming: WeightNaming, to path: String) throws -> Int {
    guard let fileName = naming.fileName else {
      throw RunProblem.request("\(naming.name) is no kind of file that can be written")
    }
    let file = try WeightFile(intact: source)
    let names = file.names.filter { WeightNaming.checkpoint.modelName($0) != nil }
    let places = Set(names.compactMap { $0.split(separator: ".").first.map(String.init) })
    guard !places.isDisjoint(with: naming.parts.map(\.place)) else {
      throw RunProblem.request(
        "\(source.printable): holds none of the parts \(naming.parts.map(\.place).joined(separator: ", ")) under this "
          + "program's names; it holds \(names.listed(atMost: 4)). Import it first")
    }
    var tensors: [String: Tensor] = [:]
    for name in names {
      guard tensors.updateValue(try file.tensor(name), forKey: fileName(name)) == nil else {
        throw FileProblem(source, "holds two arrays that would both be called \(fileName(name).printable)")
      }
    }
    let texts = [
      "classes", "preprocessing", "recipe", "recipeHash", "scores", "source", Temperatures.key,
    ]
    var metadata = file.metadata.filter { texts.contains($0.key) }
    metadata["naming"] = naming.word
    try WeightFile.write(tensors, metadata: metadata, to: path)
    return tensors.count
  }
}
