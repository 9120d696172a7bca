import FERCore
import NeuralKit
import Support
import TensorKit

// Temperatures travel with the weights that they were fitted for, as a text in the file's header.
extension Temperatures {
  /// What the text is called.
  package static let key = "temperatures"

  /// Those of a weight file; nil where it has none.
  /// - Throws: `FileProblem` where it has something else under their name.
  init?(in file: WeightFile) throws {
    guard let text = file.metadata[Self.key] else { return nil }
    guard let found = JSONValue.decoded(Self.self, from: text),
      [found.primary, found.final].allSatisfy(Self.range.contains)
    else {
      throw FileProblem(
        file.path,
        "says in \"\(Self.key)\" what are no two temperatures, primary and final, from \(Self.range.lowerBound) to "
          + "\(Self.range.upperBound): \(text.printable)")
    }
    self = found
  }

  /// Puts them into the header of a weight file that this program wrote, in place of others; its arrays keep their bits.
  /// - Throws: ``RunProblem`` where it is none of this program's, `FileProblem` where it is damaged or cannot be written.
  package func store(in path: String) throws {
    let file = try WeightFile(path)
    guard file.format == .safetensors, file.hasDigest else {
      throw RunProblem.request(
        "\(path.printable): was not written by this program, and files of others are not changed; "
          + "bring it here with `arbex weights import`, then calibrate what that wrote")
    }
    try file.verifyDigest()
    var tensors: [String: Tensor] = [:]
    for name in file.names { tensors[name] = try file.tensor(name) }
    var metadata = file.metadata
    metadata[Self.key] = json.text
    try WeightFile.write(tensors, metadata: metadata, to: path)
  }
}
