import Testing

@testable import POSTERPlusPlus

@Suite("Names in POSTER++ checkpoints")
struct POSTERNamesTests {
  @Test(
    "each key finds its parameter and back",
    arguments: [
      ("face_landback.conv_23.conv_dw.bn.running_var", "landmarks.conv_23.conv_dw.bn.running_var"),
      ("ir_back.body3.13.res_layer.4.weight", "backbone.body3.13.res_layer.4.weight"),
      ("VIT.head.linear.bias", "head.linear.bias"), ("VIT.pos_embed", "encoder.VIT.pos_embed"),
      ("attn1.qkv.weight", "encoder.attn1.qkv.weight"),
    ])
  func bothWays(_ key: String, _ name: String) {
    #expect(POSTERNames.modelName(ofKey: key) == name)
    #expect(POSTERNames.modelName(ofKey: "module." + key) == name)
    #expect(POSTERNames.key(ofModelName: name) == key)
  }

  @Test(
    "what the network never uses is left aside",
    arguments: [
      "ir_back.output_layer.3.weight", "VIT.patch_embed.proj.bias", "VIT.eca_block.conv.weight",
      "VIT.CON1.weight",
      "VIT.IRLinear1.weight", "VIT.IRLinear2.bias", "VIT.blocks.1.conv.weight",
      "attn2.relative_position_index",
      "module.face_landback.conv1.bn.num_batches_tracked",
    ])
  func unused(_ key: String) {
    #expect(POSTERNames.modelName(ofKey: key) == nil)
  }

  @Test("parts that POSTER++ does not have keep their names")
  func others() {
    for name in ["corrections.anchor.anchors", "head.0.linear.weight", "reduction.bias"] {
      #expect(POSTERNames.key(ofModelName: name) == name)
      #expect(POSTERNames.modelName(ofKey: name) == name)
    }
  }
}
