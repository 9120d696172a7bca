import FERCore
import FERTools
import NeuralKit
import Support
import TestSupport
import Testing

@testable import POSTER

@Suite("The encoder of POSTER keeps the rules of its kind")
struct WorkedExamples {
  /// An encoder has no example in numbers of its own: `op_pyramid_block` and the whole network's goldens are those. Here
  /// the kit meets it, small, with each of the options that change its shape.
  @Test(
    "conformance",
    arguments: ["{}", "{reading: 'patch', size: 'small', depth: 1}", "{width: 24, dropPath: 0.5}"])
  func conformance(_ options: String) throws { #expect(try findings(options).isEmpty) }

  /// Without mixing nothing carries the landmark tokens of the last widest block to the image's class token: in the
  /// published models for AffectNet too, whose files hold them.
  @Test(
    "without mixing the last block's landmark stream at full width is read by nobody, and nothing else is idle"
  )
  func withoutMixing() throws {
    let parts = ["norm3", "norm4", "attn_lm.kv", "attn_lm.proj", "mlp2.fc1", "mlp2.fc2"]
    let idle = parts.flatMap { ["\($0).weight", "\($0).bias"] }.map {
      "parameter \"pyramid_fuse.blocks.1.block_l.\($0)\" gets no gradient"
    }
    #expect(Set(try findings("{mixing: false}").map(\.message)) == Set(idle))
  }

  private func findings(_ options: String) throws -> [ConformanceKit.Finding] {
    let registry = try Registry(plugins: [POSTERPlugin.self])
    let entry = try #require(registry.encoders["pyramid-cross-fusion"])
    let small = ["width": JSONValue.int(16), "heads": .int(2), "depth": .int(2)]
    let given = try #require(try JSON5Parser.parse(options).value.members)
    return ConformanceKit.problems(
      of: entry, in: registry, options: .object(small.merging(given) { $1 }))
  }

  @Test("every component that works without a model has an example")
  func complete() throws { #expect(try Example.missing(for: POSTERPlugin.self, among: []) == []) }
}
