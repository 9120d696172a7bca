import FERCore
import NeuralKit
import TestSupport
import Testing

@testable import POSTER

/// Key lists of published files, written down here from the classes that made them.
@Suite("Names in POSTER checkpoints")
struct PublishedNamesTests {
  /// The keys besides those of the two extractors: 672 for the RAF-DB model with 8 blocks.
  private func keys(blocks: Int, isMixing: Bool) -> [String] {
    func pair(_ key: String) -> [String] { ["\(key).weight", "\(key).bias"] }
    var keys = ["pyramid_fuse.cls_token", "pyramid_fuse.pos_embed"]
    for key in [
      "ir_layer", "pyramid_fuse.downsample_m", "pyramid_fuse.downsample_s", "pyramid_fuse.norm",
      "se_block.linear1", "se_block.linear2", "head.linear",
    ] { keys += pair(key) }
    for block in 0..<blocks {
      let place = "pyramid_fuse.blocks.\(block)"
      for level in ["l", "m", "s"] {
        let inner =
          [
            "norm1", "norm2", "norm3", "norm4", "attn_img.kv", "attn_img.proj", "attn_lm.kv", "attn_lm.proj",
            "mlp1.fc1", "mlp1.fc2", "mlp2.fc1", "mlp2.fc2",
          ] + (isMixing ? ["conv"] : [])
        keys += inner.flatMap { pair("\(place).block_\(level).\($0)") }
      }
      keys += pair("\(place).upsample_m") + pair("\(place).upsample_s")
    }
    return keys
  }

  /// 1309 and 1261 entries, of which 333 are the landmark network's and 304 the backbone's.
  @Test("every key of the fusion is met once", arguments: [(8, true, 672), (8, false, 624), (4, true, 344)])
  func cover(_ blocks: Int, _ mixing: Bool, _ count: Int) throws {
    let keys = keys(blocks: blocks, isMixing: mixing)
    #expect(keys.count == count)
    var context = BuildContext.fixture(
      classes: 7, inputSize: 224, image: [PyramidLevel(height: 14, width: 14, channels: 256)],
      landmarks: [PyramidLevel(height: 7, width: 7, channels: 512)])
    let root = context.scope
    context.scope = root / "encoder"
    let options = PyramidCrossFusion.Options.with { ($0.depth, $0.mixing) = (blocks, mixing) }
    _ = try PyramidCrossFusion(options, in: &context)
    _ = Linear(from: 512, to: 7, in: root / "head" / "linear")
    let check = try NamingCheck("poster", of: POSTERPlugin.self)
    check.expectCover(keys, root.store)
    check.expectCover(keys.map { "module." + $0 }, root.store)
    #expect(check("pyramid_fuse.cls_token") == nil)
  }

  @Test(
    "each key finds its parameter and back",
    arguments: [
      ("ir_back.input_layer.1.running_mean", "backbone.input_layer.1.running_mean"),
      ("ir_back.body.0.res_layer.1.weight", "backbone.body1.0.res_layer.1.weight"),
      ("ir_back.body.3.shortcut_layer.0.weight", "backbone.body2.0.shortcut_layer.0.weight"),
      ("ir_back.body.20.res_layer.4.weight", "backbone.body3.13.res_layer.4.weight"),
      ("face_landback.conv_23.conv_dw.bn.running_var", "landmarks.conv_23.conv_dw.bn.running_var"),
      ("ir_layer.bias", "encoder.ir_layer.bias"),
      ("se_block.linear1.weight", "encoder.se_block.linear1.weight"),
      ("pyramid_fuse.blocks.7.block_l.conv.bias", "encoder.pyramid_fuse.blocks.7.block_l.conv.bias"),
      ("head.linear.bias", "head.linear.bias"), ("corrections.anchor.anchors", "corrections.anchor.anchors"),
    ])
  func bothWays(_ key: String, _ name: String) {
    #expect(PublishedNames.modelName(ofKey: key) == name)
    #expect(PublishedNames.modelName(ofKey: "module." + key) == name)
    #expect(PublishedNames.key(ofModelName: name) == key)
  }

  @Test(
    "what is not of such files finds nothing",
    arguments: ["", ".", "ir_back", "ir_back.body", "VIT.norm.bias"])
  func odd(_ key: String) throws {
    let name = try #require(PublishedNames.modelName(ofKey: key))
    #expect(name.hasPrefix("?.") || name.hasPrefix("backbone."))
  }
}
