import FERCore
import NeuralKit
import Support
import TensorKit
import Testing

@testable import FERData

/// Makes the image one grey, and draws a number.
private struct Paint: Augmentation {
  typealias Options = NoOptions
  var grey: Float = 0
  init(_ options: NoOptions) {}
  init(_ grey: Float) { self.grey = grey }
  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    image = Image(width: 2, height: 1, colour: [grey, grey, random.uniform()])
  }
}

@Suite("One of several augmentations")
struct OneOfTests {
  /// Of 3000 draws each of three takes a third; a share is off by more than 4 · √(2/9 / 3000) = 0.034 once in 16000 cases.
  @Test("each is as likely as the others, and draws from the source that was given")
  func likely() throws {
    var options = OneOf.Options()
    options.of = [0, 1, 2].map { grey in Nested("paint") { Paint(Float(grey)) } }
    let oneOf = try OneOf(options)
    var (counts, drawn) = ([0, 0, 0], Set<Float>())
    for sample in 0..<3000 {
      var (image, random) = (
        rampImage(width: 2, height: 1), RandomSource(seed: 2, stream: "o", sample: UInt64(sample))
      )
      var again = random
      oneOf.apply(to: &image, size: 2, random: &random)
      counts[Int(image.pixels[0])] += 1
      drawn.insert(image.pixels[2])
      var second = rampImage(width: 2, height: 1)
      oneOf.apply(to: &second, size: 2, random: &again)
      #expect(second == image)
    }
    for count in counts { #expect(abs(Double(count) / 3000 - 1 / 3) < 0.034) }
    #expect(drawn.count > 2900)
  }

  @Test("a recipe writes names or objects; nothing to choose from is an error, and so is a bad option inside")
  func recipe() throws {
    let registry = try Registry(plugins: [FERDataPlugin.self])
    let entry = try registry.augmentations.entry("one-of", at: JSONPath("augment"))
    func made(_ list: [JSONValue]) throws -> any Augmentation {
      try entry.make(.object(["of": .array(list)]), resolver: registry.resolver)
    }
    let flip: JSONValue = .object(["use": .string("flip"), "probability": .double(1)])
    var (image, random) = (rampImage(width: 3, height: 2), RandomSource(seed: 1, stream: "a"))
    try made([flip]).apply(to: &image, size: 3, random: &random)
    var expected = rampImage(width: 3, height: 2)
    expected.flip()
    #expect(image == expected)
    #expect(throws: BuildIssue("of", "must name at least one augmentation")) { try made([]) }
    #expect(problem { try made([.string("flop")]) }.contains("no augmentation is named"))
    let bad: JSONValue = .object(["use": .string("flip"), "probability": .int(2)])
    #expect(problem { try made([.string("grey"), bad]) }.contains("must be at least 0 and at most 1, is 2"))
  }
}
