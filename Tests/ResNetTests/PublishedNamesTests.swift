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
    let keys = PublishedCheckpoint.resNet18Keys.filter { !$0.hasSuffix(".num_batches_tracked") }
    try NamingCheck("resnet18-torchvision", of: ResNetPlugin.self).expectCover(
      keys + ["fc.weight", "fc.bias"], context.store)
    try NamingCheck("resnet18-ms-celeb", of: ResNetPlugin.self).expectCover(
      keys + ["fc.weight", "alpha.0.weight"], context.store)
    let numbered = PublishedCheckpoint.numberedResNet18Keys.filter { !$0.hasSuffix(".num_batches_tracked") }
    let scn = try NamingCheck("resnet18-scn", of: ResNetPlugin.self)
    scn.expectCover(numbered.map { "features.\($0)" } + ["alpha.0.weight", "fc.bias"], context.store)
    scn.expectCover(numbered, context.store)
  }
}
