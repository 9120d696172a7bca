import FERCore
import NeuralKit
import TestSupport
import Testing

@testable import MobileFaceNet

/// Key lists of published files, written down here from the classes that made them.
@Suite("Names in published files of MobileFaceNet")
struct PublishedNamesTests {
  private func landmarks(points: Int) throws -> ParameterStore {
    var options = MobileFaceNetLandmarks.Options()
    options.points = points
    var context = BuildContext.fixture(inputSize: 112)
    _ = try MobileFaceNetLandmarks(options, in: &context)
    return context.store
  }

  /// 321 entries: 15 separable blocks with 3 counters each and 3 plain blocks with one.
  @Test("the ARBEx repository's three paths are cunjian's blocks")
  func mobileFaceNet() throws {
    func block(_ key: String, hasActivation: Bool = true) -> [String] {
      ["\(key).net.0.weight"] + batchNormKeys("\(key).net.1") + (hasActivation ? ["\(key).net.2.weight"] : [])
    }
    func separable(_ key: String) -> [String] {
      block("\(key).net.0") + block("\(key).net.1") + block("\(key).net.2", hasActivation: false)
    }
    var keys = block("path_1.0") + block("path_1.1") + separable("path_1.2") + separable("path_2.0")
    keys += separable("path_3.0") + block("path_3.2")
    keys +=
      (0..<4).flatMap { separable("path_1.3.net.\($0)") }
      + (0..<6).flatMap { separable("path_2.1.net.\($0)") }
    keys += (0..<2).flatMap { separable("path_3.1.net.\($0)") }
    #expect(keys.count == 321 - 48)
    try NamingCheck("mobilefacenet-arbex", of: MobileFaceNetPlugin.self).expectCover(
      keys, landmarks(points: 0))
    let name = try NamingCheck("mobilefacenet-arbex", of: MobileFaceNetPlugin.self)
    #expect(name("path_1.2.net.1.net.1.running_var") == "conv_23.conv_dw.bn.running_var")
    #expect(name("path_2.1.net.5.net.2.net.0.weight") == "conv_4.model.5.project.conv.weight")
    #expect(
      name("path_9.0.net.0.weight") == nil && name("path_1.7.net.0.weight") == nil && name("path_1") == nil)
  }

  @Test("cunjian's file fits with and without the points; face.evoLVe's head stays out")
  func cunjian() throws {
    let keys = try landmarks(points: 68).all.map(\.name)
    try NamingCheck("mobilefacenet", of: MobileFaceNetPlugin.self).expectCover(keys, landmarks(points: 68))
    try NamingCheck("mobilefacenet", of: MobileFaceNetPlugin.self).expectCover(keys, landmarks(points: 0))
    let name = try NamingCheck("mobilefacenet", of: MobileFaceNetPlugin.self)
    #expect(name("conv_6_dw.conv.weight") == nil && name("linear.weight") == nil && name("bn.bias") == nil)
  }
}
