import FERCore
import FERTools
import FERTraining
import Foundation
import NeuralKit
import Support
import TensorKit
import TestSupport
import Testing

@testable import ARBEx

/// A head whose numbers come from where no operation is recorded.
private final class ReadingHead: Head {
  typealias Options = NoOptions
  private let count: Int
  init(_ options: NoOptions, in context: inout BuildContext) throws { count = context.classCount }
  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    let first = encoding.embedding.values[0]
    return HeadOutput(
      logits: encoding.embedding.sliced(along: 1, from: 0, count: count) * Tensor.scalar(first))
  }
}

/// One whose operation nobody knows.
private final class SecretHead: Head {
  typealias Options = NoOptions
  private let count: Int
  init(_ options: NoOptions, in context: inout BuildContext) throws { count = context.classCount }
  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    let x = encoding.embedding.sliced(along: 1, from: 0, count: count)
    return HeadOutput(
      logits: Tensor(x.shape, x.values.map { $0.rounded() }).recorded(from: [x], operation: "rounding") {
        [$0]
      })
  }
}

private enum StrangePlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.heads.register("reading", ReadingHead.self)
    try registry.heads.register("secret", SecretHead.self)
  }
}

@Suite("export from the command line", .serialized)
final class ExportVerbTests {
  private let folder = TestFolder()
  private var run: String { folder / "run" }
  private var file: String { folder / "model.onnx" }

  private func makeRun(_ overrides: [String] = [], plugins: [any Plugin.Type] = []) throws {
    let registry = try Registry.builtins(and: plugins)
    try StartBenchmark.writeUntrainedRun(
      try Recipe.load(path: ShippedRecipe.path("small"), overrides: overrides, registry: registry), to: run)
  }

  @Test("a run becomes a file, told in lines and as an object; its own is written anew, another's stays")
  func writes() throws {
    try makeRun()
    let told = arbex("export", run, "--onnx", file)
    #expect(told.code == 0, "\(told.remarks)")
    #expect(
      told.output.hasPrefix("\(file): ONNX, operator set 17, ")
        && told.output.contains("image [N, 3, 32, 32]"))
    #expect(told.output.contains("primary [N, 7], terms.anchor [N, 7], terms.attentive [N, 7], final [N, 7]"))
    #expect(told.remarks.contains("weights: \(run)/checkpoints/best.safetensors"))
    let first = try #require(try FileSystem.contents(file))
    let again = try arbex("export", run, "--onnx", file, "--json").json()
    #expect(again["bytes"] as? Int == first.count && again["operatorSet"] as? Int == 17)
    #expect(try FileSystem.contents(file) == first)

    try AtomicFile.write("mine", to: file)
    let refused = arbex("export", run, "--onnx", file)
    #expect(
      refused.code == 2 && refused.remarks.contains("is not known for a network in ONNX that arbex wrote"))
    #expect(try FileSystem.contents(file) == Data("mine".utf8))
    #expect(arbex("export", run, "--onnx", file, "--overwrite").code == 0)
    #expect(try FileSystem.contents(file) == first)
  }

  @Test("what leaves the normalisation out is another graph; stored temperatures are in it unless left out")
  func options() throws {
    try makeRun()
    func bytes(_ flags: String...) throws -> Data {
      let told = Answer(["export", run, "--onnx", file] + flags)
      #expect(told.code == 0, "\(told.remarks)")
      return try #require(try FileSystem.contents(file))
    }
    let (plain, bare) = (try bytes(), try bytes("--normalised-input"))
    #expect(
      plain.range(of: Data("RGB, 0...1".utf8)) != nil && bare.range(of: Data("RGB, normalised".utf8)) != nil)
    try Temperatures(primary: 2, final: 3).store(in: run + "/checkpoints/best.safetensors")
    let tempered = try bytes()
    #expect(
      tempered.range(of: Data("temperatures".utf8)) != nil
        && plain.range(of: Data("temperatures".utf8)) == nil)
    #expect(try bytes("--uncalibrated") == plain)
  }

  @Test("wrong requests are told, and nothing is written")
  func requests() throws {
    try makeRun()
    let cases: [([String], String)] = [
      (["export", run], "\"export\" needs --onnx FILE.onnx"),
      (["export", run, "--out", file], "; here it is --onnx"),
      (["export", run, "--onnx", folder / "no/where.onnx"], "no/where.onnx"),
      (["export", ShippedRecipe.path("small"), "--onnx", file], "a recipe alone has no trained weights"),
      (["export", folder / "nothing", "--onnx", file], "nothing"),
    ]
    for (words, text) in cases {
      let told = Answer(words)
      #expect(
        told.code == 2 && told.remarks.contains(text) && told.printed.isEmpty, "\(words): \(told.remarks)")
    }
    #expect(folder.names() == ["run"])
  }

  @Test(
    "a component that cannot be written is refused by its name",
    arguments: [
      ("reading", "head \"reading\": reads numbers that were made of the image (values)"),
      (
        "secret", "head \"secret\": the operation \"rounding\" is made of none that has a counterpart in ONNX"
      ),
    ])
  func refusals(head: String, sentence: String) throws {
    try makeRun(["model.head={ use: \"\(head)\" }"], plugins: [StrangePlugin.self])
    let told = Answer(["export", run, "--onnx", file], plugins: [StrangePlugin.self])
    #expect(told.code == 2 && told.remarks.contains(sentence), "\(told.remarks)")
    #expect(folder.names() == ["run"])
  }
}
