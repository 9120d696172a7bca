import FERCore
import NeuralKit
import TestSupport
import Testing

@testable import IR50

/// Key lists of published files, written down here from the classes that made them.
@Suite("Names in published files of IR-50")
struct PublishedNamesTests {
  /// Stages of 3, 4, 14 and 3 units; the first of the later ones have a projection. `place` tells a unit's key.
  private func ir50(_ place: (Int, Int, Int) -> String, residual: String, shortcut: String, stages: Int)
    -> [String]
  {
    var keys = ["input_layer.0.weight", "input_layer.2.weight"] + batchNormKeys("input_layer.1")
    var number = 0
    for (stage, units) in [3, 4, 14, 3].prefix(stages).enumerated() {
      for unit in 0..<units {
        let key = place(stage, unit, number)
        if unit == 0, stage > 0 {
          keys += ["\(key).\(shortcut).0.weight"] + batchNormKeys("\(key).\(shortcut).1")
        }
        keys += batchNormKeys("\(key).\(residual).0") + (1...3).map { "\(key).\(residual).\($0).weight" }
        keys += batchNormKeys("\(key).\(residual).4")
        number += 1
      }
    }
    return keys
  }

  private func ir50Store(stages: Int = 3) throws -> ParameterStore {
    var options = IR50.Options()
    if stages == 4 { (options.units, options.widths) = ([3, 4, 14, 3], [64, 64, 128, 256, 512]) }
    var context = BuildContext.fixture(inputSize: 112)
    _ = try IR50(options, in: &context)
    return context.store
  }

  private let embedding = ["output_layer.3.weight", "output_layer.3.bias"]

  /// 349 entries less 54 counters.
  @Test("face.evoLVe counts units through; its fourth stage is optional, or used by a network that has one")
  func faceEvolve() throws {
    let keys =
      ir50({ _, _, number in "body.\(number)" }, residual: "res_layer", shortcut: "shortcut_layer", stages: 4)
      + batchNormKeys("output_layer.0") + batchNormKeys("output_layer.4") + embedding
    #expect(keys.count == 349 - 54)
    try NamingCheck("ir50-face-evolve", of: IR50Plugin.self).expectCover(keys, ir50Store())
    try NamingCheck("ir50-face-evolve", of: IR50Plugin.self).expectCover(keys, ir50Store(stages: 4))
    let name = try NamingCheck("ir50-face-evolve", of: IR50Plugin.self)
    #expect(name("body.6.res_layer.1.weight") == "body2.3.res_layer.1.weight")
    #expect(name("body.20.res_layer.4.bias") == "body3.13.res_layer.4.bias")
    #expect(name("body.24.res_layer.4.bias") == nil && name("conv1.weight") == nil)
  }

  @Test("POSTER++, the ARBEx repository and APViT")
  func others() throws {
    let store = try ir50Store()
    let own = ir50(
      { stage, unit, _ in "body\(stage + 1).\(unit)" }, residual: "res_layer", shortcut: "shortcut_layer",
      stages: 3)
    try NamingCheck("ir50-poster++", of: IR50Plugin.self).expectCover(own + embedding, store)
    let arbex = ir50(
      { stage, unit, _ in "net_\(stage + 1).net.\(unit)" }, residual: "res", shortcut: "shortcut", stages: 3)
    #expect(arbex.count == 292 - 45)
    try NamingCheck("ir50-arbex", of: IR50Plugin.self).expectCover(arbex, store)
    let apvit = ir50(
      { stage, unit, _ in "body.\(stage).\(unit)" }, residual: "res_layer", shortcut: "shortcut_layer",
      stages: 3)
    try NamingCheck("ir50-apvit", of: IR50Plugin.self).expectCover(
      apvit.map { "extractor.\($0)" } + ["vit.cls_token", "head.fc.weight"], store)
  }
}
