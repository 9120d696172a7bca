import Support
import FERTools
import NeuralKit
import TensorKit

/// `count` values in -1 ..< 1 that belong to `name`; see `SeededNumbers`.
public func uniform(_ name: String, _ count: Int) -> [Float] { SeededNumbers.uniform(name, count) }

/// `uniform(name)` as an image batch: the values lie in PyTorch's order `[N, C, H, W]`, the result is `[N, H,
/// W, C]`.
public func uniformImages(_ name: String, count: Int, channels: Int = 3, side: Int) -> Tensor {
  let values = uniform(name, count * channels * side * side)
  return StoredArray(shape: [count, channels, side, side], values: values).channelsLast
}

/// The value of one parameter, made from its name and its shape in PyTorch's layout. The first rule that fits
/// counts: running variances lie around 1, running means around 0, slopes of PReLU around 0.25, scales of norms
/// around 1, layer scales around 0.5, biases near 0, free parameters in -0.5 ..< 0.5, and weights are scaled by
/// their fan-in.
public func filled(_ name: String, shape: [Int]) -> StoredArray {
  let values = uniform(name, shape.reduce(1, *))
  return StoredArray(shape: shape, values: values.map(fillRule(name, shape: shape)))
}

private func fillRule(_ name: String, shape: [Int]) -> (Float) -> Float {
  func ends(_ suffixes: String...) -> Bool { suffixes.contains { name.hasSuffix($0) } }
  if ends("running_var") { return { 1 + 0.5 * $0 } }
  if ends("running_mean") { return { 0.1 * $0 } }
  if ends("prelu.weight", "input_layer.2.weight", "res_layer.2.weight") { return { 0.25 + 0.1 * $0 } }
  if shape.count == 1, ends(".weight") { return { 1 + 0.25 * $0 } }
  if name.contains("gamma") { return { 0.5 + 0.25 * $0 } }
  if ends(".bias") { return { 0.1 * $0 } }
  if ends("anchors", "cls_token", "pos_embed", "bias_table") { return { 0.5 * $0 } }
  let fanIn = shape.dropFirst().reduce(1, *)
  let scale = Float((3 / Double(fanIn)).squareRoot())
  return { $0 * scale }
}

extension ParameterStore {
  /// Gives every parameter the value that belongs to its name in a published file.
  /// - Parameter fileName: from our name of a parameter to the published one.
  public func fillFromNames(_ fileName: (String) -> String = { $0 }) {
    for parameter in all {
      let stored = filled(fileName(parameter.name), shape: parameter.fileShape)
      parameter.value = parameter.fromFileLayout(stored.plain)
    }
  }

  /// The same by way of a file with the published names, read by the importer of such files.
  public func fillThroughFile(_ naming: WeightNaming, _ fileName: (String) -> String) throws {
    let arrays = Dictionary(
      uniqueKeysWithValues: all.published(fileName).map { ($0.name, $0.array.plain) })
    let folder = try TemporaryFolder("weights")
    try WeightFile.write(arrays, to: folder.path + "/weights.safetensors")
    try WeightFile(folder.path + "/weights.safetensors").load(into: all, naming: naming)
  }
}
