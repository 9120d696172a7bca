import Foundation
import TensorKit
import TestSupport
import Testing

@testable import NeuralKit
import Support

@Suite("Loading weights into a model")
struct WeightLoadingTests {
  private let folder = TestFolder()

  private func model() -> ParameterStore {
    let root = ParameterScope()
    _ = (root / "backbone" / "stem").parameter("weight", [2, 3, 4, 5], .zeros, fileLayout: .convolution)
    _ = (root / "backbone" / "norm").buffer("running_mean", [2], .zeros)
    _ = (root / "head").parameter("weight", [3, 2], .zeros)
    root.store.fill(seed: 1)
    return root.store
  }

  /// `[out, height, width, in]` = [2, 3, 4, 5] in memory is [2, 5, 3, 4] in a file: the number at (o, h, w, i) lies at
  /// (o, i, h, w).
  @Test("convolutions turn between memory and file")
  func layout() throws {
    let stored = Tensor([2, 5, 3, 4], (0..<120).map(Float.init))
    try WeightFile.write(
      [
        "backbone.stem.weight": stored, "backbone.norm.running_mean": .ones([2]),
        "head.weight": .ones([3, 2]),
      ],
      to: folder / "w")
    let store = model()
    let report = try WeightFile(folder / "w").load(into: store.all)
    #expect(report.loaded == store.all.map(\.name))
    let stem = try #require(store["backbone.stem.weight"])
    let (o, h, w, i) = (1, 2, 3, 4)
    #expect(stem.value.values[((o * 3 + h) * 4 + w) * 5 + i] == Float(((o * 5 + i) * 3 + h) * 4 + w))
    #expect(stem.fileValue.values == stored.values)
    #expect(stem.fileShape == [2, 5, 3, 4])
  }

  /// Each array is larger than a piece, and so is one output of the second.
  @Test(
    "arrays of many pieces, by their definition",
    arguments: [[70, 3, 5, 7], [3, 1300, 4, 4], [40_000, 2], [90_000]])
  func pieces(fileShape: [Int]) throws {
    let isKernel = fileShape.count == 4
    let count = fileShape.reduce(1, *)
    let stored = Tensor(fileShape, (0..<count).map { Float($0 % 65_521) })
    let scope = ParameterScope() / "head"
    let parameter = scope.parameter(
      "weight", isKernel ? [fileShape[0], fileShape[2], fileShape[3], fileShape[1]] : fileShape, .zeros,
      fileLayout: isKernel ? .convolution : .plain)
    try WeightFile.write(["head.weight": stored], to: folder / "w")
    try WeightFile(folder / "w").load(into: scope.store.all)
    #expect(parameter.value.values == parameter.fromFileLayout(stored).values)
    var broken = stored.values
    for place in [5, count / 2, count - 1] { broken[place] = .nan }
    try WeightFile.write(["head.weight": Tensor(fileShape, broken)], to: folder / "w")
    let problem = #expect(throws: FileProblem.self) {
      try WeightFile(folder / "w").load(into: scope.store.all)
    }
    #expect(problem?.description.contains("head.weight (3 of \(count))") == true)
  }

  @Test("everything that does not fit is told at once, and nothing is changed")
  func problems() throws {
    try WeightFile.write(
      [
        "backbone.stem.weight": .ones([2, 5, 3, 3]), "head.weight": .ones([3, 2]), "extra.bias": .ones([1]),
      ],
      to: folder / "w")
    let store = model()
    let problem = #expect(throws: FileProblem.self) { try WeightFile(folder / "w").load(into: store.all) }
    let message = problem?.description ?? ""
    #expect(message.contains("1 missing: backbone.norm.running_mean"))
    #expect(message.contains("1 not in the model: extra.bias"))
    #expect(
      message.contains(
        "backbone.stem.weight is [2, 5, 3, 3], the model's backbone.stem.weight is [2, 5, 3, 4]"))
    #expect(store["head.weight"]?.value.item == 0)
  }

  @Test("not strict: what fits is loaded, another shape is still refused")
  func lenient() throws {
    try WeightFile.write(["head.weight": .ones([3, 2]), "extra.bias": .ones([1])], to: folder / "w")
    let store = model()
    let report = try WeightFile(folder / "w").load(into: store.all, isStrict: false)
    #expect(report == WeightReport(loaded: ["head.weight"], unused: ["extra.bias"]))
    #expect(store["head.weight"]?.value.item == 1)
  }

  @Test(
    "one component from its own names, bare names, a published naming, a wrapped file",
    arguments: ["backbone.", "", "ir_back.", "module.ir_back.", "module."])
  func component(prefix: String) throws {
    let published = WeightNaming("published file") { key in
      let bare = key.replacingOccurrences(of: "module.", with: "")
      return bare.hasPrefix("ir_back.") ? "backbone." + bare.dropFirst("ir_back.".count) : "head." + bare
    }
    var tensors = [
      prefix + "stem.weight": Tensor.ones([2, 5, 3, 4]), prefix + "norm.running_mean": .ones([2]),
      prefix + "norm.num_batches_tracked": .ones([1]),
    ]
    if prefix.hasSuffix("back.") || prefix == "backbone." { tensors["other.weight"] = .ones([9]) }
    try WeightFile.write(tensors, to: folder / "w")
    let store = model()
    let report = try WeightFile(folder / "w").load(component: "backbone", of: store, namings: [published])
    #expect(report.loaded == ["backbone.stem.weight", "backbone.norm.running_mean"])
    #expect(store["head.weight"]?.value.item == 0)
    #expect(store["backbone.stem.weight"]?.value.item == 1)
  }

  @Test("a file of something else says what it holds and what is needed")
  func nothingFits() throws {
    try WeightFile.write(["a.b": .ones([1])], to: folder / "w")
    let problem = #expect(throws: FileProblem.self) {
      try WeightFile(folder / "w").load(component: "backbone", of: model())
    }
    #expect(problem?.message.contains("it holds a.b") == true)
    #expect(problem?.message.contains("needs backbone.stem.weight") == true)
  }

  @Test("numbers that are not finite are refused with their count, unless allowed")
  func nonFinite() throws {
    let values = Tensor([3, 2], [1, .nan, .infinity, 1, 1, 1])
    try WeightFile.write(
      [
        "backbone.stem.weight": .ones([2, 5, 3, 4]), "backbone.norm.running_mean": .ones([2]),
        "head.weight": values,
      ],
      to: folder / "w")
    let store = model()
    let problem = #expect(throws: FileProblem.self) { try WeightFile(folder / "w").load(into: store.all) }
    #expect(problem?.message.contains("head.weight (2 of 6)") == true)
    #expect(store["backbone.stem.weight"]?.value.item == 0)
    try WeightFile(folder / "w").load(into: store.all, allowsNonFinite: true)
    #expect(store["head.weight"]?.value.item == 1)
  }

  /// Two kinds of file with the same trunk: without its mark a file is none of the kind that has one.
  @Test("a whole model's naming is tried only on files that hold its marks, wrapped or not")
  func marks() {
    var marked = WeightNaming("marked") { "backbone." + $0 }
    (marked.word, marked.marks) = ("marked", ["gate.weight"])
    var plain = WeightNaming("plain") { "backbone." + $0 }
    plain.word = "plain"
    let words = { (keys: [String]) in
      WeightNaming.candidates([marked, plain], for: [], keys: keys).map(\.word).filter { !$0.isEmpty }
    }
    #expect(words(["stem.weight"]) == ["plain"])
    #expect(words(["stem.weight", "gate.weight"]) == ["marked", "plain"])
    #expect(words(["module.stem.weight", "module.gate.weight"]) == ["marked", "plain"])
  }
}
