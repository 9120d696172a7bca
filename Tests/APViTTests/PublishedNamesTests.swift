import FERCore
import NeuralKit
import TestSupport
import Testing

@testable import APViT

@Suite("Names in published files of APViT")
struct PublishedNamesTests {
  private let norm = ["weight", "bias"]

  /// The keys of a block of the authors' `PoolingViT`, eleven; with the two biases of timm's other models none.
  private func block(_ key: String) -> [String] {
    ["attn.qkv.weight", "attn.proj.weight", "attn.proj.bias"].map { "\(key).\($0)" }
      + ["norm1", "norm2", "mlp.fc1", "mlp.fc2"].flatMap { part in norm.map { "\(key).\(part).\($0)" } }
  }

  private func store() throws -> ParameterStore {
    var context = BuildContext.fixture(
      inputSize: 112, image: [PyramidLevel(height: 14, width: 14, channels: 256)], path: "encoder")
    _ = try AttentivePoolingViT(.init(), in: &context)
    return context.store
  }

  @Test("every key of the published encoder has its parameter, and back")
  func model() throws {
    let keys =
      [
        "cls_token", "patch_pos_embed", "cls_pos_embed", "projs.0.weight", "projs.0.bias", "norm.weight",
        "norm.bias",
      ]
      .map { "vit.\($0)" } + (0..<8).flatMap { block("vit.blocks.\($0)") }
    #expect(keys.count == 95)
    let naming = try NamingCheck("apvit", of: APViTPlugin.self)
    naming.expectCover(keys, try store())
    for (key, name) in [
      ("extractor.input_layer.1.running_var", "backbone.input_layer.1.running_var"),
      ("extractor.body.2.13.res_layer.4.weight", "backbone.body3.13.res_layer.4.weight"),
      ("extractor.body.1.0.shortcut_layer.0.weight", "backbone.body2.0.shortcut_layer.0.weight"),
      ("head.fc.bias", "head.linear.bias"), ("vit.blocks.7.mlp.fc2.bias", "encoder.blocks.7.mlp.fc2.bias"),
    ] {
      #expect(naming(key) == name && naming("module." + key) == name)
      #expect(naming.key(of: name) == key)
    }
    #expect(naming("extractor.body.0.0.res_layer.0.num_batches_tracked") == nil)
    for odd in ["", ".", "extractor", "extractor.body.x.0", "conv1.weight", "head", "vit"] {
      #expect(naming(odd) != "head.linear.bias")
    }
    #expect(naming.key(of: "corrections.anchor.anchors") == "corrections.anchor.anchors")
  }

  /// 12 blocks' worth of timm names; `pos_embed` is one array there, and its patch embedding has no place.
  @Test("the vision transformer that the authors start from gives blocks, norm and class token")
  func vision() throws {
    let naming = try NamingCheck("vit-small-timm", of: APViTPlugin.self)
    let own = try store().all.map { String($0.name.dropFirst("encoder.".count)) }
    let keys =
      [
        "cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias", "norm.weight",
        "norm.bias",
      ]
      + norm.map { "head.\($0)" } + (0..<8).flatMap { block("blocks.\($0)") }
    let names = keys.compactMap { naming($0) }
    #expect(names.count == 91 && Set(names).isSubset(of: own))
    #expect(
      Set(own).subtracting(names) == ["patch_pos_embed", "cls_pos_embed", "projs.0.weight", "projs.0.bias"])
  }
}
