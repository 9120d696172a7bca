import FERCore
import FERTraining
import Foundation
import NeuralKit
import Support
import TensorKit
import TestSupport
import Testing

@testable import FERTools

/// Graphs of single operations, and of a small whole model. Where ARBEX_ONNX_CASES names a folder they are left there with
/// inputs and outputs, for `Tests/ONNX/check --cases`: ONNX Runtime must find the same numbers.
@Suite("Operations as ONNX")
struct ONNXCaseTests {
  private static let folder = ProcessInfo.processInfo.environment["ARBEX_ONNX_CASES"]
  private static let side = 6

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// Operators that the graph must have.
    let types: Set<String>
    let body: @Sendable (Tensor) -> Tensor
    var testDescription: String { name }

    init(_ name: String, _ types: String..., body: @escaping @Sendable (Tensor) -> Tensor) {
      (self.name, self.types, self.body) = (name, Set(types), body)
    }
  }

  private static func numbers(_ name: String, _ shape: Int...) -> Tensor {
    Tensor(shape, uniform(name, shape.reduce(1, *)))
  }

  /// Images come with their channels first; these make of them a map with the channels first, one with the channels last, and
  /// tokens.
  private static func first(_ x: Tensor) -> Tensor {
    x.convolved(weight: numbers("w", 4, 3, 3, 3), padding: 1)
  }
  private static func last(_ x: Tensor) -> Tensor {
    first(x).layerNormalized(scale: numbers("s", 4), offset: numbers("o", 4), epsilon: 1e-5)
  }
  private static func tokens(_ x: Tensor) -> Tensor { first(x).reshaped([-1, 36, 4]) }
  private static func rows(_ x: Tensor) -> Tensor { tokens(x).mean(along: 1) }

  private static let cases: [Case] = [
    Case("image", "Transpose") { $0 },
    Case("add-channels", "Add") { first($0) + numbers("c", 4) },
    Case("add-maps-of-both-layouts", "Add") { first($0) + last($0) },
    Case("subtract-from-number", "Mul", "Add") { 2 - last($0) },
    Case("multiply-one-map", "Mul") { first($0) * numbers("m", 1, 6, 6, 1) },
    Case("divide", "Div") { last($0) / (last($0).squared() + 1) },
    Case("square-root", "Sqrt") { (first($0).abs() + 0.5).squareRoot() },
    Case("exp", "Exp") { first($0).exp() },
    Case("log", "Log") { (last($0).abs() + 0.5).log() },
    Case("sigmoid", "Sigmoid") { first($0).sigmoid() },
    Case("relu", "Relu") { first($0).relu() },
    Case("gelu", "Erf") { tokens($0).gelu() },
    Case("tanh", "Tanh") { first($0).tanh() },
    Case("abs", "Abs") { last($0).abs() },
    Case("power", "Pow") { (first($0).abs() + 0.1).pow(1.5) },
    Case("clamp", "Clip") { first($0).clamped(min: -0.25, max: 0.5) },
    Case("clamp-below", "Clip") { first($0).clamped(max: 0.5) },
    Case("clamp-above", "Clip") { last($0).clamped(min: 0) },
    Case("select", "Where") { .select(last($0).relu(), first($0), numbers("other", 4)) },
    Case("broadcast-to-batch", "Expand") { x in
      numbers("token", 1, 2, 4).broadcast(to: [x.shape[0], 2, 4])
        + tokens(x).sliced(along: 1, from: 0, count: 2)
    },
    Case("broadcast-traced", "Expand") { x in
      rows(x).expanded(at: 1).broadcast(to: [x.shape[0], 3, 4])
    },
    Case("broadcast-along-batch", "Expand", "Shape") { x in
      // Of all images together, but nothing of it stays.
      (rows(x).sum(along: 0, keepingDimensions: true) * 0).broadcast(to: [x.shape[0], 4]) + rows(x)
    },
    Case("each-image-alike", "Expand", "Shape") { x in
      Tensor.concatenated([numbers("cls", 1, 1, 4).broadcast(to: [x.shape[0], 1, 4]), tokens(x)], along: 1)
    },
    Case("each-image-alike-two-rows", "Expand") { x in
      let count = x.shape[0]
      let both = Tensor.concatenated(Array(repeating: numbers("two", 2, 4), count: count), along: 0)
      return rows(x).expanded(at: 1).broadcast(to: [count, 2, 4]).reshaped([-1, 4]) + both
    },
    Case("permute", "Transpose") { first($0).permuted([0, 2, 1, 3]) },
    Case("permute-to-channels-first") { first($0).permuted([0, 3, 1, 2]).reshaped([-1, 144]) },
    Case("gather-places", "Gather") {
      tokens($0).gathered(places: Array(repeating: [3, 0, 3], count: $0.shape[0]))
    },
    Case("gather-rows", "Gather") {
      tokens($0).permuted([1, 0, 2]).gathered(rows: [5, 1]).permuted([1, 0, 2])
    },
    Case("gather-strongest", "TopK", "GatherND") { x in
      let scores = tokens(x).sum(along: 2)
      return tokens(x).gathered(strongest: scores.topPlaces(7).map { $0.sorted() }, by: scores)
    },
    Case("gather-strongest-behind-others", "TopK", "GatherND", "Concat") { x in
      let all = tokens(x), scores = all.sliced(along: 1, from: 2, count: 34).sum(along: 2)
      return all.gathered(strongest: scores.topPlaces(5).map { $0.sorted() }, by: scores, behind: 2)
    },
    Case("sort", "TopK") { tokens($0).sum(along: 2).sorted() },
    Case("sort-descending", "TopK") { tokens($0).sorted(descending: true) },
    Case("stride-first", "Slice") { first($0).strided(by: 2) },
    Case("stride-last", "Slice") { last($0).strided(by: 4) },
    Case("resize-nearest", "MatMul") { first($0).resized(height: 9, width: 4, mode: .nearest) },
    Case("resize-bilinear", "MatMul") { last($0).resized(height: 11, width: 6, mode: .bilinear) },
    Case("resize-bicubic", "MatMul") { first($0).resized(height: 6, width: 13, mode: .bicubic) },
    Case("concatenate-channels-first", "Concat") { .concatenated([first($0), $0], along: 3) },
    Case("concatenate-rows-last", "Concat") { .concatenated([last($0), last($0).exp()], along: 1) },
    Case("concatenate-constant", "Concat") { x in
      .concatenated([first(x), Tensor.ones([x.shape[0], 6, 6, 2])], along: 3)
    },
    Case("slice-first", "Slice") { first($0).sliced(along: 3, from: 1, count: 2) },
    Case("slice-last", "Slice") { last($0).sliced(along: 2, from: 2, count: 3) },
    Case("interleave-first", "Unsqueeze") { first($0).interleaved(with: first($0).exp()) },
    Case("interleave-last", "Unsqueeze") { rows($0).interleaved(with: rows($0).exp()) },
    Case("max-pool", "MaxPool") { first($0).maxPooled(kernel: 3, stride: 2, padding: 1) },
    Case("average-pool", "AveragePool") { last($0).averagePooled(kernel: 2, stride: 2) },
    Case("sum-all-but-batch", "ReduceSum") { first($0).sum(along: 1, 2, 3) },
    Case("sum-keeping", "ReduceSum") { last($0).sum(along: 1, 3, keepingDimensions: true) },
    Case("maximum", "ReduceMax") { tokens($0).maximum(along: 1) },
    Case("minimum", "ReduceMin") { tokens($0).minimum(along: -1) },
    Case("softmax", "Softmax") { first($0).softmax() },
    Case("log-softmax", "LogSoftmax") { tokens($0).logSoftmax() },
    Case("linear-rows", "Gemm") { rows($0).linear(weight: numbers("l", 5, 4), bias: numbers("b", 5)) },
    Case("linear-rows-no-bias", "Gemm") { rows($0).linear(weight: numbers("l", 5, 4), bias: nil) },
    Case("linear-tokens", "MatMul", "Add") {
      tokens($0).linear(weight: numbers("l", 5, 4), bias: numbers("b", 5))
    },
    Case("linear-map", "MatMul") { first($0).linear(weight: numbers("l", 5, 4), bias: nil) },
    Case("matmul", "MatMul") { tokens($0).matmul(numbers("r", 4, 3)) },
    Case("matmul-transposed", "MatMul") { tokens($0).matmul(tokens($0), transposingOther: true) },
    Case("convolution-1x1", "Conv") { $0.convolved(weight: numbers("k", 5, 1, 1, 3), bias: numbers("b", 5)) },
    Case("convolution-strided", "Conv") { x in
      last(x).convolved(weight: numbers("k", 5, 3, 3, 4), bias: numbers("b", 5), stride: 2, padding: 1)
    },
    Case("convolution-depthwise-dilated", "Conv") { x in
      first(x).convolved(weight: numbers("k", 4, 3, 3, 1), padding: 2, dilation: 2, groups: 4)
    },
    Case("convolution-1x1-strided", "Conv") {
      first($0).convolved(weight: numbers("k", 5, 1, 1, 4), stride: 2)
    },
    Case("batch-norm-map", "BatchNormalization") { first($0).normalized(by: norm, adding: last($0)) },
    Case("batch-norm-rows", "BatchNormalization") { rows($0).normalized(by: norm) },
    Case("batch-norm-tokens", "BatchNormalization") { tokens($0).normalized(by: norm) },
    Case("layer-norm", "LayerNormalization") { x in
      first(x).layerNormalized(scale: numbers("s", 4), offset: numbers("o", 4), epsilon: 1e-3)
    },
    Case("prelu-first", "PRelu") { first($0).prelu(slope: numbers("slope", 4)) },
    Case("prelu-last", "PRelu") { last($0).prelu(slope: numbers("slope", 4)) },
    Case("prelu-of-zeros", "Relu") { first($0).prelu(slope: .zeros([4])) },
    Case("self-attention", "MatMul", "Softmax") { x in
      Tensor.selfAttention(tokens(x).linear(weight: numbers("qkv", 12, 4), bias: nil), heads: 2)
    },
    Case("windows-asked-alike", "Expand", "Softmax") { x in
      let query = tokens(x).sliced(along: 1, from: 0, count: 9), windows = tokens(x).reshaped([-1, 9, 4])
      return Tensor.attention(
        query: query, keysAndValues: Tensor.concatenated([windows, windows.exp()], along: 2), heads: 2,
        bias: numbers("bias", 2, 9, 9))
    },
    Case("few-queries", "Softmax") { x in
      tokens(x).selfAttention(
        asking: 1, weight: numbers("qkv", 12, 4), bias: numbers("b", 12), heads: 2)
    },
  ]

  private static var norm: BatchNormalization {
    BatchNormalization(
      mean: numbers("mean", 4), variance: numbers("variance", 4).squared() + 0.5, scale: numbers("scale", 4),
      offset: numbers("offset", 4), epsilon: 1e-3)
  }

  @Test("each is written with the operators that are its own", arguments: cases)
  func operation(_ one: Case) throws {
    func run(_ count: Int) -> BatchFreeTrace.Run {
      let trace = Trace()
      let images = Tensor([count, Self.side, Self.side, 3], uniform("i\(count)", count * 108))
      let output = one.body(Tape(tracing: trace).watch(images))
      return BatchFreeTrace.Run(trace: trace, images: count, outputs: [("y", output)])
    }
    let graph = try ONNXTranslation.graph(
      try BatchFreeTrace(run(2), run(3)), name: one.name, of: ParameterStore())
    let types = Set(graph.nodes.map(\.type))
    #expect(one.types.isSubset(of: types), "\(types)")
    #expect(Self.isSound(graph))
    guard let folder = Self.folder else { return }
    let images = Tensor([5, Self.side, Self.side, 3], uniform("tried", 540))
    _ = try ONNXFile(graph: graph, metadata: []).write(to: "\(folder)/\(one.name).onnx")
    try Self.write(images.permuted([0, 3, 1, 2]), "\(one.name).image")
    try Self.write(one.body(images), "\(one.name).y")
  }

  /// Every name is made once, and before it is read.
  private static func isSound(_ graph: ONNXGraph) -> Bool {
    var made = Set(graph.inputs.map(\.name) + [""])
    for array in graph.initializers where !made.insert(array.name).inserted { return false }
    for node in graph.nodes {
      guard made.isSuperset(of: node.inputs) else { return false }
      for output in node.outputs where !made.insert(output).inserted { return false }
    }
    return made.isSuperset(of: graph.outputs.map(\.name))
  }

  private static func write(_ tensor: Tensor, _ name: String) throws {
    guard let folder else { return }
    var header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (\(tensor.shape.map { "\($0), " }.joined())), }"
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    let text = Array((header + "\n").utf8)
    try AtomicFile.write(to: "\(folder)/\(name).npy") { sink in
      try sink.write(
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text)
      try tensor.withValues { try sink.write(UnsafeRawBufferPointer($0)) }
    }
  }

  /// The listing was made by the reader of ONNX itself, of a file that its checker accepts and in which ONNX Runtime finds this
  /// program's numbers: `Tests/ONNX/check --cases DIR --listing DIR/tiny.onnx`.
  @Test("a whole model is written as the golden listing has it, temperatures, names and metadata included")
  func golden() throws {
    let workshop = try Workshop()
    let trained = try trained(workshop)
    var options = ONNXExport.Options()
    options.temperatures = Temperatures(primary: 1.5, final: 0.75)
    let export = try ONNXExport(trained, options)
    let path = Self.folder.map { $0 + "/tiny.onnx" } ?? workshop.path + "/tiny.onnx"
    let size = try export.write(to: path)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(bytes.count == size)
    let golden = Golden.folder.appendingPathComponent("ONNX/tiny.txt")
    let expected = FileManager.default.contents(atPath: golden.path).map {
      String(decoding: $0, as: UTF8.self)
    }
    let found = try ONNXReader.listing(bytes)
    if found != expected {
      Issue.record("\(golden.lastPathComponent) differs from what is written:\n\(found)")
    }
    if Self.folder != nil {
      let images = Tensor([5, 8, 8, 3], uniform("tried", 960).map { ($0 + 1) / 2 })
      try Self.write(images.permuted([0, 3, 1, 2]), "tiny.image")
      for output in try export.expected(of: images) { try Self.write(output.tensor, "tiny.\(output.name)") }
    }
  }

  /// A model of one convolution, norm and layer, filled from its names.
  private func trained(_ workshop: Workshop) throws -> TrainedModel {
    let model = try workshop.recipe.buildModel()
    model.store.fillFromNames()
    let path = workshop.path + "/weights.safetensors"
    try WeightFile.write(
      Dictionary(uniqueKeysWithValues: model.store.all.map { ($0.name, $0.fileValue) }), to: path)
    return try TrainedModel(workshop.recipe, weights: path)
  }
}
