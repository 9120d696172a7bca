import TensorKit
import Support

extension WeightFile {
  /// Writes a safetensors file: arrays and metadata sorted by name, with the file's own SHA-256 in the metadata.
  /// The old file stays until the new one is safe (``AtomicFile``).
  /// - Parameter tensors: in the file's layout.
  /// - Parameter previous: the name under which the old file is kept; nil lets it go.
  package static func write(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], to path: String,
    keepingOldAs previous: String? = nil
  ) throws {
    let names = tensors.keys.sorted()
    let arrays = names.compactMap { tensors[$0] }
    let blank = String(repeating: "0", count: 64)
    let digest = Digest()
    digest.update(front(names, arrays, metadata, sha256: blank))
    for array in arrays { array.withValues { digest.update(UnsafeRawBufferPointer($0)) } }
    let front = front(names, arrays, metadata, sha256: digest.finish())
    let keepOld = { if let previous { try AtomicFile.keep(path, as: previous) } }
    let size = front.count + arrays.reduce(0) { $0 + 4 * $1.count }
    try AtomicFile.write(to: path, size: size, beforeReplacing: keepOld) { sink in
      try sink.write(front)
      for array in arrays { try array.withValues { try sink.write(UnsafeRawBufferPointer($0)) } }
    }
  }

  /// The header's length and the header, filled up with blanks so that the numbers begin at a multiple of 8.
  private static func front(
    _ names: [String], _ arrays: [Tensor], _ metadata: [String: String], sha256: String
  ) -> [UInt8] {
    let texts = metadata.merging([digestKey: sha256]) { _, new in new }.sorted { $0.key < $1.key }
    let pairs = texts.map { "\(JSONValue.quoted($0.key)):\(JSONValue.quoted($0.value))" }
    var parts = ["\"__metadata__\":{" + pairs.joined(separator: ",") + "}"]
    var offset = 0
    for (name, array) in zip(names, arrays) {
      let shape = array.shape.map(String.init).joined(separator: ",")
      let end = offset + array.count * 4
      parts.append(
        "\(JSONValue.quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
      )
      offset = end
    }
    var header = Array(("{" + parts.joined(separator: ",") + "}").utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header
  }
}

extension Parameter {
  /// The shape of this parameter in a weight file.
  package var fileShape: [Int] { isTransposed ? [shape[0], shape[3], shape[1], shape[2]] : shape }

  /// The value as a weight file holds it.
  package var fileValue: Tensor { inFileLayout(value) }

  /// Any array of this parameter's shape, turned to the layout of a weight file.
  package func inFileLayout(_ tensor: Tensor) -> Tensor {
    isTransposed ? tensor.detached.permuted([0, 3, 1, 2]) : tensor
  }

  /// An array from a weight file, turned to the layout in memory.
  package func fromFileLayout(_ tensor: Tensor) -> Tensor {
    isTransposed ? tensor.detached.permuted([0, 2, 3, 1]) : tensor
  }

  var isTransposed: Bool { fileLayout == .convolution && shape.count == 4 }
}
