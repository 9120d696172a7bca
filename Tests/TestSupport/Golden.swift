import Foundation
import NeuralKit
import TensorKit

/// An array as a weight file holds it: PyTorch's layout.
public struct StoredArray: Sendable, Equatable {
  /// The sizes of its axes.
  public var shape: [Int]
  /// Row-major values.
  public var values: [Float]

  /// An array of that shape.
  public init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "StoredArray: \(values.count) values for \(shape)")
    self.shape = shape
    self.values = values
  }

  /// The array as it lies: linear weights, vectors, anything that is no image.
  public var plain: Tensor { Tensor(shape, values) }

  /// `[N, C, H, W]` -> `[N, H, W, C]`: an image, or the weight of a convolution.
  public var channelsLast: Tensor {
    precondition(shape.count == 4, "StoredArray.channelsLast: needs four axes, has \(shape)")
    let (outer, channels, plane) = (shape[0], shape[1], shape[2] * shape[3])
    var result = [Float](repeating: 0, count: values.count)
    for n in 0..<outer {
      for c in 0..<channels {
        for p in 0..<plane { result[(n * plane + p) * channels + c] = values[(n * channels + c) * plane + p] }
      }
    }
    return Tensor([outer, shape[2], shape[3], channels], result)
  }

  /// `[N, H, W, C]` -> `[N, C, H, W]`: what a file would hold of this tensor.
  public init(channelsFirstOf tensor: Tensor) {
    precondition(tensor.rank == 4, "StoredArray(channelsFirstOf:): needs four axes, has \(tensor.shape)")
    let shape = tensor.shape
    let (outer, plane, channels) = (shape[0], shape[1] * shape[2], shape[3])
    let source = tensor.values
    var result = [Float](repeating: 0, count: source.count)
    for n in 0..<outer {
      for p in 0..<plane {
        for c in 0..<channels {
          result[(n * channels + c) * plane + p] = source[(n * plane + p) * channels + c]
        }
      }
    }
    self.init(shape: [outer, channels, shape[1], shape[2]], values: result)
  }

  /// What a file would hold of `tensor`, which has the layout of `parameter`.
  public init(of tensor: Tensor, layout: Parameter.FileLayout) {
    if layout == .convolution, tensor.rank == 4 {
      self.init(channelsFirstOf: tensor)
    } else {
      self.init(shape: tensor.shape, values: tensor.values)
    }
  }

  /// Every (count / 512)th value, at most 512: how goldens abridge large arrays.
  public var sample: [Float] {
    let step = max(1, values.count / 512)
    return stride(from: 0, to: values.count, by: step).prefix(512).map { values[$0] }
  }

  /// The Euclidean norm, summed in double precision.
  public var norm: Double { values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
}

/// One file of golden values under `Tests/Fixtures`.
///
///     let golden = try Golden("op_linear")
///     let x = golden.plain("x")
public struct Golden: Sendable {
  /// The file's name without its ending.
  public let name: String
  /// All arrays by name.
  public let arrays: [String: StoredArray]

  /// Reads `Tests/Fixtures/NAME.safetensors`.
  /// - Throws: ``GoldenProblem`` where it is missing or broken.
  public init(_ name: String) throws {
    self.name = name
    arrays = try Self.read(
      Data(contentsOf: Self.folder.appendingPathComponent(name + ".safetensors")), name: name)
  }

  /// Where the files are.
  public static var folder: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
  }

  /// The array of that name; the test ends with a clear message where there is none.
  public subscript(array: String) -> StoredArray {
    guard let found = arrays[array] else {
      preconditionFailure("golden \(name) has no \"\(array)\", only \(arrays.keys.sorted())")
    }
    return found
  }

  /// The array as it lies.
  public func plain(_ array: String) -> Tensor { self[array].plain }
  /// An image or convolution weight, turned to channels last.
  public func channelsLast(_ array: String) -> Tensor { self[array].channelsLast }

  /// A safetensors file: the header's length in eight bytes, a JSON header, the data. Only what the goldens use
  /// (F32).
  private static func read(_ data: Data, name: String) throws -> [String: StoredArray] {
    let bytes = [UInt8](data)
    guard bytes.count >= 8 else { throw GoldenProblem(file: name, problem: "is too short") }
    let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length > 0, 8 + length <= bytes.count else {
      throw GoldenProblem(file: name, problem: "has a broken header")
    }
    let header = try JSONDecoder().decode([String: Entry].self, from: Data(bytes[8..<8 + length]))
    return try header.mapValues { entry in
      let (from, to) = (8 + length + entry.data_offsets[0], 8 + length + entry.data_offsets[1])
      guard entry.dtype == "F32", to <= bytes.count, (to - from) == 4 * entry.shape.reduce(1, *) else {
        throw GoldenProblem(file: name, problem: "holds an array that is not F32 or does not fit")
      }
      let values = stride(from: from, to: to, by: 4).map { at in
        Float(bitPattern: (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[at + $1]) })
      }
      return StoredArray(shape: entry.shape, values: values)
    }
  }

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }
}

/// A golden file that cannot be read.
public struct GoldenProblem: Error, CustomStringConvertible {
  let file: String
  let problem: String

  /// Which file, and what is wrong.
  public var description: String { "golden \(file): \(problem)" }
}

/// The largest allowed relative errors, from `Tests/Fixtures/tolerance.json`.
public struct Tolerance: Decodable, Sendable {
  /// Of whole networks in evaluation mode.
  public let eval: Double
  /// Of outputs and losses in training mode.
  public let trainOutputs: Double
  /// Of gradients through a whole network.
  public let gradients: Double
  /// Of gradients in the first stages of IR-50 in training mode, where PReLU's kink flips single values.
  public let earlyGradients: Double
  /// Of single operations and their gradients.
  public let ops: Double

  enum CodingKeys: String, CodingKey {
    case eval, trainOutputs = "train_outputs", gradients, earlyGradients = "early_gradients", ops
  }

  /// Reads the file.
  public static func read() throws -> Tolerance {
    try JSONDecoder().decode(
      Tolerance.self, from: Data(contentsOf: Golden.folder.appendingPathComponent("tolerance.json")))
  }
}
