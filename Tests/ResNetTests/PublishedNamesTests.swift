import FERCore
import NeuralKit
import TestSupport
import Testing

@testable import ResNet

/// Key lists of published files, written down here from the classes that made them.
@Suite("Names in published files of the ResNets")
struct PublishedNamesTests {
  @Test("torchvision's, MS-Celeb's and SCN's ResNet-18")
  func resNet() throws {
    var context = BuildContext.fixture(inputSize: 64)
    _ = try ResNet18(.init(), in: &context)
    var keys = ["conv1.weight"] + batchNormKeys("bn1")
    for stage in 1...4 {
      for unit in 0..<2 {
        let key = "layer\(stage).\(unit)"
        keys +=
          ["\(key).conv1.weight", "\(key).conv2.weight"] + batchNormKeys("\(key).bn1")
          + batchNormKeys("\(key).bn2")
        if stage > 1, unit == 0 {
          keys += ["\(key).downsample.0.weight"] + batchNormKeys("\(key).downsample.1")
        }
      }
    }
    try NamingCheck("resnet18-torchvision", of: ResNetPlugin.self).expectCover(
      keys + ["fc.weight", "fc.bias"], context.store)
    try NamingCheck("resnet18-ms-celeb", of: ResNetPlugin.self).expectCover(
      keys + ["fc.weight", "alpha.0.weight"], context.store)
    let places = ["conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7]
    let scn = keys.map { key in
      let steps = key.split(separator: ".", maxSplits: 1).map(String.init)
      return "features.\(places[steps[0]] ?? -1).\(steps[1])"
    }
    try NamingCheck("resnet18-scn", of: ResNetPlugin.self).expectCover(
      scn + ["alpha.0.weight", "fc.bias"], context.store)
  }
}
