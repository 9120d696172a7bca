import ARBEx
import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import SCN

@Suite("Rank regularisation")
struct RankRegularizationTests {
  private let ten: [Float] = [0.45, 0.9, 0.41, 0.6, 0.43, 0.8, 0.44, 0.5, 0.42, 0.7]

  /// By hand, in order .9 .8 .7 .6 .5 .45 .44 | .43 .42 .41: the first seven sum to 4.39, so H = 0.6271429; L = 0.42; they
  /// are 0.2071429 apart.
  @Test(
    "the means of the most trusted seven of ten and of the others are to be a margin apart",
    arguments: [(0.07, 0), (0.15, 0), (0.3, 0.092_857_1)] as [(Float, Float)])
  func values(_ margin: Float, _ expected: Float) throws {
    let (value, gradient) = try loss(ten, margin: margin)
    expectClose(value, [expected])
    // −1/7 for each of the seven, 1/3 for each of the others; nothing where they are apart already.
    let up: Float = expected > 0 ? -1 / 7 : 0, down: Float = expected > 0 ? 1 / 3 : 0
    expectClose(gradient, [up, up, down, up, down, up, up, up, down, up])
  }

  @Test("faces that are trusted alike cost the margin", arguments: [2, 5, 64])
  func alike(_ count: Int) throws {
    expectClose(try loss([Float](repeating: 0.3, count: count), margin: 0.15).value, [0.15])
  }

  @Test("one face alone costs nothing, and moves nothing")
  func alone() throws {
    let (value, gradient) = try loss([0.7], margin: 0.15)
    #expect(value.values == [0] && gradient.values == [0])
  }

  @Test("values and gradients are the reference's", arguments: ["0.07", "0.15", "0.5"])
  func golden(_ margin: String) throws {
    let golden = try Golden("scn_train")
    let (value, gradient) = try loss(
      golden["table.rank.importance"].values, margin: try #require(Float(margin)))
    expectRelativeNorm(value, golden.plain("table.rank.margin\(margin).loss"), atMost: 2e-5, "loss")
    let expected = golden.plain("table.rank.margin\(margin).grad").reshaped([10])
    expectRelativeNorm(gradient, expected, atMost: 2e-5, "gradient")
  }

  @Test("how many are trusted more is the reference's, and 7/10 of the batch cut off but for the known sizes")
  func groups() throws {
    let golden = try Golden("scn_train")
    let batches = golden["table.groups.batch"].values.map { Int($0) }
    #expect(batches.count == 13)
    let found = batches.map { RankRegularization.trustedCount(of: $0, share: 0.7) }
    #expect(found == golden["table.groups.high"].values.map { Int($0) })
    // 0.7 in double precision falls short of 7/10: known of the authors' code, from facts about it.
    let short = (1...1024).filter { RankRegularization.trustedCount(of: $0, share: 0.7) != 7 * $0 / 10 }
    let known = [90, 170, 180, 330, 340, 350, 360] + Array(stride(from: 650, through: 730, by: 10))
    #expect(short == known)
    #expect(known.allSatisfy { RankRegularization.trustedCount(of: $0, share: 0.7) == 7 * $0 / 10 - 1 })
  }

  @Test("a share of the whole batch is refused")
  func badOptions() {
    var options = RankRegularization.Options()
    #expect(options.allIssues().isEmpty)
    options.share = 1
    #expect(options.allIssues().map(\.key) == ["share"])
    options.margin = 2
    #expect(options.allIssues().map(\.key).sorted() == ["margin", "share"])
  }

  @Test("without importance the recipe is refused, with the name of the head that provides it")
  func refused() throws {
    let problems = try #require(throws: RecipeProblems.self) {
      try Recipe.shipped("scn", ["model.head={ use: 'linear' }"], registry: try Registry.builtins())
    }
    #expect("\(problems)".contains("losses.rank-regularization: "), "\(problems)")
    #expect("\(problems)".contains("importance") && "\(problems)".contains("self-cure"), "\(problems)")
  }

  private func loss(_ importance: [Float], margin: Float) throws -> (value: Tensor, gradient: Tensor) {
    var context = BuildContext.fixture()
    let loss = RankRegularization(.with { $0.margin = margin }, in: &context)
    let (tape, count) = (Tape(), importance.count)
    let given = tape.watch(Tensor([count, 1], importance))
    let even = Tensor.full([count, 3], 1 / 3)
    let outcome = Outcome(
      embedding: .zeros([count, 1]), logits: even, primary: even, terms: [], final: even,
      evidence: [.importance: given])
    let targets = Targets(labels: [Int](repeating: 0, count: count))
    let value = loss.loss(of: outcome, against: targets, .training(on: tape, seed: 1, step: 0))
    tape.backward(from: value)
    return (value, (tape.gradient(of: given) ?? .zeros([count, 1])).reshaped([count]))
  }
}
