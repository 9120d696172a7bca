import NeuralKit
import Testing

@Suite("Beginnings of keys")
struct KeyBeginningsTests {
  private let names = KeyBeginnings(
    [("fc.", "head.linear."), ("a.b.", "encoder.b."), ("a.", "encoder.a."), ("", KeyBeginnings.nowhere)],
    isUnused: { $0.hasSuffix(".counter") })

  @Test(
    "the first pair that fits counts, both ways",
    arguments: [
      ("fc.bias", "head.linear.bias"), ("a.b.c", "encoder.b.c"), ("a.c", "encoder.a.c"), ("fc", "?.fc"),
      ("b", "?.b"),
    ])
  func pairs(_ key: String, _ name: String) {
    #expect(names.name(ofKey: key) == name && names.name(ofKey: "module." + key) == name)
    #expect(names.key(ofName: name) == key)
  }

  @Test("what nobody uses has no name, and what no pair fits none either; its own name is its key")
  func others() {
    #expect(names.name(ofKey: "fc.counter") == nil && names.name(ofKey: "module.a.counter") == nil)
    let few = KeyBeginnings([("fc.", "head.linear.")])
    #expect(few.name(ofKey: "conv.weight") == nil)
    #expect(few.key(ofName: "corrections.anchor.anchors") == "corrections.anchor.anchors")
  }
}
