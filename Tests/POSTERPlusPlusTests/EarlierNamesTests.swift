import FERCore
import NeuralKit
import TestSupport
import Testing

@testable import POSTERPlusPlus

@Suite("Names in checkpoints of the ARBEx repository")
struct EarlierNamesTests {
  /// What the ARBEx repository calls the parts of POSTER++.
  private static let renamed = [
    ("last_face_conv.", "conv."), ("conv1.", "convs.0."), ("conv2.", "convs.1."), ("conv3.", "convs.2."),
    ("window1.", "window_module.0."), ("window2.", "window_module.1."), ("window3.", "window_module.2."),
    ("attn1.", "attns.0."), ("attn2.", "attns.1."), ("attn3.", "attns.2."),
    ("ffn1.", "ffns.0."), ("ffn2.", "ffns.1."), ("ffn3.", "ffns.2."),
    ("embed_q.", "embs.0."), ("embed_k.0.", "embs.1."), ("embed_v.", "embs.2."), ("VIT.", "vit."),
  ]
  private static let inside = [
    ("relative_position_bias_table", "table"), (".gamma1", ".gamma_1"), (".gamma2", ".gamma_2"),
  ]

  private func repositoryKey(_ name: String) -> String {
    let front = Self.renamed.first { name.hasPrefix($0.0) } ?? ("", "")
    var key: String = front.1 + name.dropFirst(front.0.count)
    for (ours, theirs) in Self.inside where key.hasSuffix(ours) { key = key.dropLast(ours.count) + theirs }
    if key.hasPrefix("attns.") {
      let steps = key.split(separator: ".")
      if steps[2] == "proj" { key = "attns.\(steps[1]).linear.\(steps[3])" }
    }
    if key.hasPrefix("ffns.") {
      let steps = key.split(separator: ".")
      if steps[2] == "mlp" { key = "ffns.\(steps[1]).mlp.\(steps[3] == "fc1" ? 0 : 3).\(steps[4])" }
    }
    return key
  }

  @Test("the ARBEx repository's encoder, name for name")
  func arbex() throws {
    var context = BuildContext.fixture(
      inputSize: 224,
      image: [(56, 64), (28, 128), (14, 256)].map { PyramidLevel(height: $0.0, width: $0.0, channels: $0.1) },
      landmarks: [(28, 64), (14, 128), (7, 512)].map {
        PyramidLevel(height: $0.0, width: $0.0, channels: $0.1)
      })
    _ = try WindowViT(.init(), in: &context)
    for name in context.store.all.map(\.name) {
      #expect(
        EarlierNames.arbex.modelName(repositoryKey(name)) == "encoder.\(name)", "\(repositoryKey(name))")
    }
    #expect(EarlierNames.arbex.modelName("embs.0.1.weight") == "encoder.embed_q.1.weight")
    #expect(EarlierNames.arbex.modelName("attns.2.linear.bias") == "encoder.attn3.proj.bias")
    for dead in [
      "attns.0.index_relative", "vit.CON1.weight", "vit.blocks.0.conv.bias", "vit.patch_embed.proj.weight",
    ] {
      #expect(EarlierNames.arbex.modelName(dead) == nil, "\(dead)")
    }
    for odd in ["attns", "attns.7.table", "embs.x.weight", "", "."] { _ = EarlierNames.arbex.modelName(odd) }
  }
}
