import Testing

@testable import FERCore

@Suite("Keys of earlier versions")
struct EarlierKeysTests {
  private func training(_ text: String) throws -> [String: Int] {
    let tree = try RecipeDocument.read("{ training: { \(text) } }", of: "r.json5").tree
    return (tree.value.members?["training"]?.members ?? [:]).compactMapValues {
      if case .int(let number) = $0 { number } else { nil }
    }
  }

  /// By hand: 64 images, 24 at once, are three pieces, of which the next that shards can be cut into are four.
  @Test("images at once are told as pieces of a batch")
  func microBatch() throws {
    #expect(try training("batch: 64, microBatch: 0") == ["batch": 64])
    #expect(try training("batch: 64, microBatch: 64") == ["batch": 64])
    #expect(try training("batch: 64, microBatch: 32") == ["batch": 64, "accumulate": 2])
    #expect(try training("batch: 64, microBatch: 24") == ["batch": 64, "accumulate": 4])
    #expect(try training("batch: 256, microBatch: 32") == ["batch": 256, "accumulate": 8, "shards": 8])
    // Of what batch it does not say, and nothing that anybody ever wrote.
    #expect(try training("microBatch: 32") == ["microBatch": 32])
    #expect(try training("batch: 64, microBatch: -1") == ["batch": 64, "microBatch": -1])
  }
}
