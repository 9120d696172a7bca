import FERCore
import FERTools
import NeuralKit
import TensorKit
import Testing

typealias Finding = ConformanceKit.Finding
typealias Rule = ConformanceKit.Rule

/// What the kit finds wrong with what is registered.
func problems(_ register: (inout Registry) throws -> Void) throws -> [Finding] {
  var registry = Registry()
  try register(&registry)
  return ConformanceKit.problems(in: registry)
}

/// Expects findings of one rule alone, one of them with these words; nil: none at all.
func expect(
  _ found: [Finding], _ rule: Rule?, _ words: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let rule else { return #expect(found == [], sourceLocation: sourceLocation) }
  #expect(
    found.contains { $0.rule == rule && (words.isEmpty || $0.message.contains(words)) }, "\(found)",
    sourceLocation: sourceLocation)
  #expect(Set(found.map(\.rule)) == [rule], "\(found)", sourceLocation: sourceLocation)
}

/// The kit must find what is wrong: each component here breaks one rule.
@Suite("The conformance kit finds faults in parts of models")
struct PartFaultTests {
  private func term<F: Fault>(_ fault: F.Type) throws -> [Finding] {
    try problems { try $0.corrections.register("faulty", Faulty<F>.self) }
  }

  @Test("a sound term has no problems")
  func sound() throws { expect(try term(Sound.self), nil) }

  @Test("a finding names the component")
  func words() throws {
    let found = try #require(try term(Unnormalised.self).first)
    #expect(found.component == "correction term \"faulty\"")
    #expect(found.description.hasPrefix("correction term \"faulty\": row 0 of the distribution is ["))
  }

  @Test("a report tells the rules that a component was held to, and those it no longer could be")
  func reports() throws {
    func report<F: Fault>(_ fault: F.Type) throws -> ConformanceKit.Report {
      var registry = Registry()
      try registry.corrections.register("faulty", Faulty<F>.self)
      return try #require(ConformanceKit.reports(in: registry, tell: { _ in }).first)
    }
    let (sound, wrong) = (try report(Sound.self), try report(Unnormalised.self))
    #expect(
      sound.rules == [
        .options, .shapes, .range, .evidence, .finite, .determinism, .independence, .saving, .gradients,
      ])
    #expect(sound.skipped == [] && sound.findings == [])
    #expect(wrong.rules == [.options, .shapes, .range, .evidence])
    #expect(wrong.skipped == [.finite, .determinism, .independence, .saving, .gradients])
    #expect(wrong.component == "correction term \"faulty\"" && !wrong.findings.isEmpty)
  }

  @Test("attention across the batch is a leak")
  func leak() throws { expect(try term(Leaking.self), .independence, "alone and within the batch") }

  @Test("rows must sum to 1")
  func sums() throws { expect(try term(Unnormalised.self), .range, "sums to") }

  @Test("a detached parameter gets no gradient")
  func noGradient() throws {
    expect(try term(Detached.self), .gradients, "parameter \"weight\" gets no gradient")
  }

  @Test("a gradient that leaves a path out is wrong")
  func wrongGradient() throws { expect(try term(HalfDetached.self), .gradients, "central differences") }

  @Test("state outside the store is lost by saving")
  func unsaved() throws {
    #expect(
      try term(Forgetful.self).contains { $0.rule == .saving && $0.message.contains("saved and loaded") })
  }

  @Test("numbers from nowhere are no function of the seed")
  func undetermined() throws {
    #expect(try term(Undetermined.self).contains { $0.rule == .determinism })
  }

  @Test("results that are not finite are found")
  func notFinite() throws { expect(try term(Bare.self), .finite, "a certain head") }

  @Test("evidence is what was declared, in every pass, as its layout says")
  func evidence() throws {
    expect(try term(Silent.self), .evidence, "declares the evidence \"score\" and does not deliver it")
    expect(try term(Talkative.self), .evidence, "delivers the evidence \"extra\" in evaluation, and does not")
    expect(try term(Misshapen.self), .evidence, "the evidence \"score\" has shape [3, 4], expected [3, 1]")
    expect(try term(InTrainingOnly.self), .evidence, "does not deliver it in evaluation")
    expect(try term(Scoring.self), nil)
  }

  @Test("required evidence is taken from who provides it, or must be handed over")
  func requiredEvidence() throws {
    let both = try problems {
      try $0.encoders.register("scoring", Pooling<Folding>.self)
      try $0.heads.register("reading", ReadingHead.self)
    }
    expect(both, nil)
    var registry = Registry()
    try registry.heads.register("reading", ReadingHead.self)
    expect(ConformanceKit.problems(in: registry), .evidence, "requires \"attention\": hand it to this check")
    let handed = ConformanceKit.Setting(
      evidence: [.attention: .ones([ConformanceKit.rowCount, 2])])
    #expect(ConformanceKit.problems(in: registry, setting: handed) == [])
  }

  @Test("levels and sizes are those declared")
  func shapes() throws {
    expect(try problems { try $0.backbones.register("b", Halving<Sound>.self) }, nil)
    expect(
      try problems { try $0.backbones.register("b", Halving<Misshapen>.self) }, .shapes,
      "the levels have shapes [[3, 16, 16, 3]], declared are [[3, 8, 8, 3]]")
    expect(
      try problems { try $0.landmarks.register("l", HalvingLandmarks.self) }, .shapes,
      "declared are [[3, 8, 8, 3]]")
    expect(
      try problems { try $0.encoders.register("e", Pooling<Misshapen>.self) }, .shapes,
      "the embedding has shape [3, 16], declared is [3, 17]")
    expect(
      try problems { try $0.heads.register("h", WideHead.self) }, .shapes,
      "the logits has shape [3, 5], declared is [3, 4]")
    expect(
      try problems { try $0.heads.register("h", WiderInTraining.self) }, .shapes,
      "in training, the logits has shape [3, 5], declared is [3, 4]")
  }

  @Test("an encoder that folds views is tried with two of them")
  func views() throws {
    expect(try problems { try $0.encoders.register("e", Pooling<Folding>.self) }, nil)
    expect(
      try problems { try $0.encoders.register("e", Pooling<FoldingWrong>.self) }, .shapes,
      "the embedding has shape [6, 16], declared is [3, 16]")
  }

  @Test("options that cannot be kept are found")
  func options() throws {
    expect(try problems { try $0.heads.register("h", Unexplained.self) }, .options, "has no meaning")
    expect(try problems { try $0.heads.register("h", Boundless.self) }, .options, "size = 0 is not allowed")
    expect(
      try problems { try $0.heads.register("h", Unbuildable.self) }, .options,
      "cannot be built with these options")
  }
}

// MARK: corrections

/// What a faulty term makes of its embedding; `calls` counts how often it was asked.
private protocol Fault: SendableMetatype {
  static func distribution(_ embedding: Tensor, _ weight: Tensor, calls: Int) -> Tensor
  static var provides: [EvidenceKey] { get }
  static func evidence(_ distribution: Tensor, _ pass: ForwardPass) -> Evidence
}
extension Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    e.linear(weight: w, bias: nil).softmax()
  }
  static var provides: [EvidenceKey] { [] }
  static func evidence(_ distribution: Tensor, _ pass: ForwardPass) -> Evidence { [:] }
}

extension EvidenceKey {
  fileprivate static let score = EvidenceKey("score", .sample)
  fileprivate static let attention = EvidenceKey("attention", .views)
}

private final class Faulty<F: Fault>: CorrectionTerm {
  typealias Options = NoOptions
  static func provides(_ options: NoOptions) -> [EvidenceKey] { F.provides }
  private let weight: Parameter
  private var calls = 0

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    weight = context.scope.parameter(
      "weight", [context.classCount, try context.embeddingSize()], .normal(deviation: 0.3))
  }

  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    calls += 1
    let found = F.distribution(prediction.embedding, pass[weight], calls: calls)
    return Correction(distribution: found, evidence: F.evidence(found, pass))
  }
}

private enum Sound: Fault {}

private enum Leaking: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    (e - e.mean(along: 0, keepingDimensions: true)).linear(weight: w, bias: nil).softmax()
  }
}

private enum Unnormalised: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    e.linear(weight: w, bias: nil).sigmoid()
  }
}

private enum Detached: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    e.linear(weight: w.detached, bias: nil).softmax()
  }
}

private enum HalfDetached: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    (e.linear(weight: w, bias: nil) + (e * e).linear(weight: w.detached, bias: nil)).softmax()
  }
}

private enum Forgetful: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    (e.linear(weight: w, bias: nil) * Float(calls)).softmax()
  }
}

private enum Undetermined: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    (e.linear(weight: w, bias: nil) * Float.random(in: 1...2)).softmax()
  }
}

private enum Bare: Fault {
  static func distribution(_ e: Tensor, _ w: Tensor, calls: Int) -> Tensor {
    let scores = e.linear(weight: w, bias: nil).exp()
    return scores / scores.sum(along: 1, keepingDimensions: true)
  }
}

private enum Silent: Fault {
  static var provides: [EvidenceKey] { [.score] }
}

private enum Talkative: Fault {
  static func evidence(_ distribution: Tensor, _ pass: ForwardPass) -> Evidence {
    [EvidenceKey("extra", .shared): distribution]
  }
}

private enum Misshapen: Fault {
  static var provides: [EvidenceKey] { [.score] }
  static func evidence(_ distribution: Tensor, _ pass: ForwardPass) -> Evidence { [.score: distribution] }
}

private enum InTrainingOnly: Fault {
  static var provides: [EvidenceKey] { [.score] }
  static func evidence(_ distribution: Tensor, _ pass: ForwardPass) -> Evidence {
    pass.isTraining ? Scoring.evidence(distribution, pass) : [:]
  }
}

private enum Scoring: Fault {
  static var provides: [EvidenceKey] { [.score] }
  static func evidence(_ distribution: Tensor, _ pass: ForwardPass) -> Evidence {
    [.score: distribution.squared().sum(along: 1, keepingDimensions: true)]
  }
}

// MARK: other parts

/// Every second pixel; one with a fault says that it is every fourth.
private final class Halving<F: Fault>: Backbone {
  typealias Options = NoOptions
  let levels: [PyramidLevel]

  init(_ options: NoOptions, in context: inout BuildContext) { levels = declaredLevels(F.self, context) }
  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: [images.strided(by: 2)])
  }
}

private final class HalvingLandmarks: LandmarkExtractor {
  typealias Options = NoOptions
  let levels: [PyramidLevel]

  init(_ options: NoOptions, in context: inout BuildContext) {
    levels = declaredLevels(Misshapen.self, context)
  }
  func landmarks(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid {
    FeaturePyramid(levels: [images.strided(by: 2)])
  }
}

private func declaredLevels<F: Fault>(_ fault: F.Type, _ context: BuildContext) -> [PyramidLevel] {
  let side = context.inputSize / (fault == Misshapen.self ? 4 : 2)
  return [PyramidLevel(height: side, width: side, channels: 3)]
}

private enum Folding: Fault {
  static var provides: [EvidenceKey] { [.attention] }
}
private enum FoldingWrong: Fault {}

/// The mean of the coarsest level, over all views of a sample.
private final class Pooling<F: Fault>: Encoder {
  typealias Options = NoOptions
  static var foldsViews: Bool { F.self == Folding.self || F.self == FoldingWrong.self }
  static func provides(_ options: NoOptions) -> [EvidenceKey] { F.self == Folding.self ? [.attention] : [] }
  let embeddingSize: Int
  private let views: Int

  init(_ options: NoOptions, in context: inout BuildContext) {
    embeddingSize = context.imageLevels[1].channels + (F.self == Misshapen.self ? 1 : 0)
    views = context.views.count
  }

  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Encoding {
    let pooled = image.levels[1].globalAveragePooled()  // [N·V, D]
    guard F.self == Folding.self else { return Encoding(embedding: pooled) }
    let byView = pooled.reshaped([-1, views, embeddingSize])
    return Encoding(embedding: byView.mean(along: 1), evidence: [.attention: byView.mean(along: 2)])
  }
}

private final class ReadingHead: Head {
  typealias Options = NoOptions
  static func requires(_ options: NoOptions) -> [EvidenceKey] { [.attention] }
  private let output: Linear

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    output = Linear(from: try context.embeddingSize(), to: context.classCount, in: context.scope / "out")
  }
  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    let sure = encoding.evidence[.attention]?.sum(along: 1, keepingDimensions: true) ?? .zeros([1, 1])
    return HeadOutput(logits: output(encoding.embedding, pass) * sure)
  }
}

private final class WideHead: Head {
  typealias Options = NoOptions
  private let output: Linear

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    output = Linear(from: try context.embeddingSize(), to: context.classCount + 1, in: context.scope / "out")
  }
  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    HeadOutput(logits: output(encoding.embedding, pass))
  }
}

/// Has a class more in training.
private final class WiderInTraining: Head {
  typealias Options = NoOptions
  private let output: Linear

  init(_ options: NoOptions, in context: inout BuildContext) throws {
    output = Linear(from: try context.embeddingSize(), to: context.classCount, in: context.scope / "out")
  }
  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    let scores = output(encoding.embedding, pass)
    return HeadOutput(logits: pass.isTraining ? .concatenated([scores, .zeros([3, 1])], along: 1) : scores)
  }
}

// MARK: options

private protocol HeadWithOptions: Head {}
extension HeadWithOptions {
  func classify(_ encoding: Encoding, _ pass: ForwardPass) -> HeadOutput {
    HeadOutput(logits: encoding.embedding.sliced(along: 1, from: 0, count: ConformanceKit.classCount))
  }
}

private final class Unexplained: HeadWithOptions {
  struct Options: ComponentOptions {
    @Option("") var size = 3
  }
  init(_ options: Options, in context: inout BuildContext) {}
}

/// An option whose range looks at nothing.
private final class Boundless: HeadWithOptions {
  struct Size: OptionValue {
    static var kind: String { "whole number" }
    var value = 3
    init() {}
    init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(Int.self) }
    func encode(to encoder: any Swift.Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(value)
    }
  }
  struct Options: ComponentOptions {
    @Option("A size.", 1...) var size = Size()
  }
  init(_ options: Options, in context: inout BuildContext) {}
}

private final class Unbuildable: HeadWithOptions {
  typealias Options = NoOptions
  init(_ options: NoOptions, in context: inout BuildContext) throws { throw BuildIssue("", "will not") }
}
