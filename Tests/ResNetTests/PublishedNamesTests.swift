import FERCore
import ResNet
import NeuralKit
import TestSupport
import Testing

/// Key lists of published files, written down here from the classes that made them.
@Suite("Names in published files of the ResNets")
struct PublishedNamesTests {
  private func naming(_ word: String) throws -> WeightNaming {
    try #require(try Registry(plugins: [ResNetPlugin.self]).namings.first { $0.word == word })
  }

  /// Every parameter is met once; what has a name and no parameter begins as `optional` says.
  private func expectCover(_ keys: [String], _ word: String, _ store: ParameterStore) throws {
    let naming = try naming(word)
    let names = keys.compactMap(naming.modelName)
    let known = Set(store.all.map(\.name))
    #expect(names.count == Set(names).count)
    #expect(known.isSubset(of: names), "missing: \(known.subtracting(names).sorted().prefix(5))")
    let over = names.filter { name in
      !known.contains(name) && !naming.optional.contains { name.hasPrefix($0) }
    }
    #expect(over.isEmpty, "\(over.prefix(5))")
  }

  private func norm(_ key: String) -> [String] {
    ["weight", "bias", "running_mean", "running_var"].map { "\(key).\($0)" }
  }

  @Test("torchvision's, MS-Celeb's and SCN's ResNet-18")
  func resNet() throws {
    var context = BuildContext.fixture(inputSize: 64)
    _ = try ResNet18(.init(), in: &context)
    var keys = ["conv1.weight"] + norm("bn1")
    for stage in 1...4 {
      for unit in 0..<2 {
        let key = "layer\(stage).\(unit)"
        keys += ["\(key).conv1.weight", "\(key).conv2.weight"] + norm("\(key).bn1") + norm("\(key).bn2")
        if stage > 1, unit == 0 { keys += ["\(key).downsample.0.weight"] + norm("\(key).downsample.1") }
      }
    }
    try expectCover(keys + ["fc.weight", "fc.bias"], "resnet18-torchvision", context.store)
    try expectCover(keys + ["fc.weight", "alpha.0.weight"], "resnet18-ms-celeb", context.store)
    let places = ["conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7]
    let scn = keys.map { key in
      let steps = key.split(separator: ".", maxSplits: 1).map(String.init)
      return "features.\(places[steps[0]] ?? -1).\(steps[1])"
    }
    try expectCover(scn + ["alpha.0.weight", "fc.bias"], "resnet18-scn", context.store)
  }
}
