import FERCore
import TensorKit
import TestSupport
import Testing

/// The fake dataset looks at nothing that is asked of it.
@Suite("What a recipe asks of a dataset")
struct HeededDatasetTests {
  private func load(_ override: String) throws -> any LoadedDataset {
    let workshop = try Workshop()
    try workshop.write("a.json5", wholeRecipe)
    let recipe = try workshop.load("a.json5", override)
    return try #require(try recipe.load(.train)).set
  }

  /// Of the four, 0 and 3 are calm, 1 is glad, 2 cross; image i is i + 1 pixels wide.
  @Test("classes to leave out are left out, and the others keep their images")
  func ignore() throws {
    let set = try load("data.train.ignore=['calm']")
    #expect(set.samples.map(\.id) == ["drawn/1", "drawn/2"])
    #expect(try set.image(at: 0).width == 2)
    #expect(try set.image(at: 1).width == 3)
    #expect(set.path(at: 1) == "drawn/2")
  }

  @Test("an image above the limit is bad, named with its size")
  func limit() throws {
    let set = try load("data.pixelLimit=6")
    #expect(try set.image(at: 2).width == 3)
    let problem = #expect(throws: DataProblem.self) { try set.image(at: 3) }
    #expect(
      problem?.description
        == "drawn/3: is 4x2 pixels; there must be at least 1 and at most 6 (data.pixelLimit)")
  }
}
