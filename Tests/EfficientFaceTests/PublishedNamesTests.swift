import FERCore
import NeuralKit
import TestSupport
import Testing

@testable import EfficientFace

/// Key lists of published files, written down here from the classes that made them.
@Suite("Names in EfficientFace's files")
struct PublishedNamesTests {
  /// A unit's keys: `branch1` in the first of a stage alone.
  private func unit(_ key: String, isFirst: Bool) -> [String] {
    let first = ["0.weight"] + batchNormKeys("1") + ["2.weight"] + batchNormKeys("3")
    let second =
      ["0.weight"] + batchNormKeys("1") + ["3.weight"] + batchNormKeys("4") + ["5.weight"]
      + batchNormKeys("6")
    return (isFirst ? first.map { "\(key).branch1.\($0)" } : []) + second.map { "\(key).branch2.\($0)" }
  }

  private var keys: [String] {
    var keys = ["conv1.0.weight"] + batchNormKeys("conv1.1")
    for (stage, count) in [(2, 4), (3, 8), (4, 4)] {
      for place in 0..<count { keys += unit("stage\(stage).\(place)", isFirst: place == 0) }
    }
    for quarter in 1...4 {
      for place in 1...2 {
        keys += ["local.conv\(quarter)_\(place).weight"] + batchNormKeys("local.bn\(quarter)_\(place)")
      }
    }
    let (channel, spatial) = (
      "modulator.channel_att.gate_c.gate_c_", "modulator.spatial_att.gate_s.gate_s_"
    )
    keys += ["fc_0", "fc_final"].flatMap { ["\(channel)\($0).weight", "\(channel)\($0).bias"] }
    keys += batchNormKeys(channel + "bn_1")
    keys += ["conv_reduce0", "conv_di_0", "conv_di_1", "conv_final"].flatMap {
      ["\(spatial)\($0).weight", "\(spatial)\($0).bias"]
    }
    keys += ["bn_reduce0", "bn_di_0", "bn_di_1"].flatMap { batchNormKeys(spatial + $0) }
    return keys + ["conv5.0.weight"] + batchNormKeys("conv5.1")
  }

  /// 418 entries, of which each norm's counter and the classifier's two are none of the backbone's.
  @Test("the backbone's keys are those of the published file")
  func backbone() throws {
    var context = BuildContext.fixture(inputSize: 224)
    _ = try EfficientFace(.init(), in: &context)
    let counters = keys.filter { $0.hasSuffix("running_mean") }.count
    #expect(keys.count + counters + 2 == 418)
    try NamingCheck("efficientface-backbone", of: EfficientFacePlugin.self).expectCover(
      keys + ["fc.weight", "fc.bias"], context.store)
    #expect(context.store.all.count == keys.count)
  }

  @Test(
    "each key of the whole network finds its parameter and back",
    arguments: [
      ("fc.bias", "head.linear.bias"), ("stage3.7.branch2.4.bias", "backbone.stage3.7.branch2.4.bias"),
      ("modulator.spatial_att.gate_s.gate_s_conv_di_1.weight", nil), ("conv5.1.running_var", nil),
    ] as [(String, String?)])
  func whole(_ key: String, _ name: String?) throws {
    let naming = try NamingCheck("efficientface", of: EfficientFacePlugin.self)
    let expected = name ?? "backbone." + key
    #expect(naming(key) == expected && naming("module." + key) == expected)
    #expect(naming.key(of: expected) == key)
    #expect(naming("layer1.0.conv1.weight") == nil)
  }

  @Test("the teacher's")
  func teacher() throws {
    let naming = try NamingCheck("efficientface-teacher", of: EfficientFacePlugin.self)
    #expect(naming("module.layer4.2.conv3.weight") == "backbone.layer4.2.conv3.weight")
    #expect(naming("fc.weight") == "head.linear.weight" && naming("stage2.0.branch1.0.weight") == nil)
  }
}
