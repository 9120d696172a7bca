import FERCore
import NeuralKit
import TestSupport
import Testing

@testable import RAN

@Suite("Names in RAN checkpoints")
struct PublishedNamesTests {
  @Test(
    "each key finds its parameter and back",
    arguments: [
      ("conv1.weight", "backbone.conv1.weight"), ("bn1.running_var", "backbone.bn1.running_var"),
      ("layer4.0.downsample.1.bias", "backbone.layer4.0.downsample.1.bias"),
      ("alpha.0.weight", "encoder.alpha.0.weight"), ("beta.0.bias", "encoder.beta.0.bias"),
      ("fc.weight", "head.linear.weight"),
    ])
  func bothWays(_ key: String, _ name: String) throws {
    let naming = try NamingCheck("ran", of: RANPlugin.self)
    #expect(naming(key) == name && naming("module." + key) == name)
    #expect(naming.key(of: name) == key)
  }

  @Test("what the network does not have is left aside")
  func unused() throws {
    #expect(try NamingCheck("ran", of: RANPlugin.self)("module.features.0.weight") == nil)
  }

  /// 512 + 1 and 1024 + 1 numbers.
  @Test("the encoder's parameters behind a trunk of 512 channels")
  func parameters() throws {
    var context = BuildContext.fixture(image: [PyramidLevel(height: 7, width: 7, channels: 512)])
    _ = try RegionAttention(.init(), in: &context)
    #expect(context.store.trainable.map(\.count) == [512, 1, 1024, 1])
    #expect(context.store["beta.0.weight"]?.shape == [1, 1024])
  }

  @Test("a whole model's naming is tried only on files that hold its marks")
  func marks() throws {
    let parts = PublishedNames.naming.parts
    let words = { (keys: [String]) in
      WeightNaming.candidates([PublishedNames.naming], for: parts, keys: keys).map(\.word)
    }
    let trunk = ["module.conv1.weight", "module.fc.bias"]
    #expect(!words(trunk).contains("ran"))
    #expect(words(trunk + ["module.alpha.0.weight", "module.beta.0.weight"]).contains("ran"))
  }
}
