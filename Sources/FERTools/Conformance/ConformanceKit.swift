import FERCore
import NeuralKit
import Support
import TensorKit

/// What every component of a kind must keep to, whoever wrote it, as values that any test can compare. The usual call
/// checks all that a plug-in registers:
///
///     #expect(ConformanceKit.problems(in: try Registry(plugins: [MyPlugin.self])) == [])
///
/// The rules are told by ``Rule``. What an invariant cannot tell, numbers worked out by hand do: ``check(_:)``.
public enum ConformanceKit {
  /// Samples in the batches used here, N.
  public static let rowCount = 3
  /// Classes of the models used here, C.
  public static let classCount = 4
  /// Size of the embeddings that heads, corrections and losses are given, D.
  public static let embeddingSize = 12

  /// Something that a component does not keep to.
  public struct Finding: Equatable, Sendable, CustomStringConvertible {
    /// As people know it: `correction term "anchor"`.
    public let component: String
    /// What is broken.
    public let rule: Rule
    /// What was done, and what came of it.
    public let message: String

    /// Component and message.
    public var description: String { "\(component): \(message)" }
  }

  /// What is asked of components.
  public enum Rule: String, Sendable {
    /// The defaults are allowed and can be written; a value out of range is refused under its own key.
    case options
    /// The same seed, source or position gives the same bits.
    case determinism
    /// Another source gives another result, where anything is random.
    case randomness
    /// A sample's result does not depend on the batch around it.
    case independence
    /// Every trainable parameter gets a gradient, and it agrees with central differences.
    case gradients
    /// What was saved and loaded again goes on with the same bits.
    case saving
    /// Shapes and counts are those declared.
    case shapes
    /// Values keep their range: distributions sum to 1, indices exist, boxes lie inside.
    case range
    /// Nothing is infinite or not a number, whatever the input.
    case finite
    /// Exactly the declared evidence is delivered in every pass, and lies as its layout says.
    case evidence
    /// A loss is a number of what its scope says, and leaves means and weights to the objective.
    case scope
    /// It does what its kind is for: a step goes downhill, a warm-up rises, probability 0 changes nothing.
    case purpose
    /// What is wrong outside is thrown, with the place it is about.
    case errors
    /// A worked example comes out.
    case example

    /// What it asks, in words.
    public var meaning: String {
      switch self {
      case .options: "the defaults are allowed, a value out of range is refused under its own key"
      case .determinism: "the same seed, source or position gives the same bits"
      case .randomness: "another source gives another result, where anything is random"
      case .independence: "what becomes of a sample does not depend on those beside it"
      case .gradients: "every parameter gets a gradient, as central differences have it"
      case .saving: "saved and loaded again, it goes on with the same bits"
      case .shapes: "shapes and counts are those declared"
      case .range: "distributions sum to 1, indices exist, boxes lie inside"
      case .finite: "nothing is infinite or no number, gradients neither"
      case .evidence: "exactly the declared evidence is delivered, as its layout says"
      case .scope: "a loss is a number of what its scope says"
      case .purpose: "it does what its kind is for"
      case .errors: "what is wrong outside is thrown, with its place"
      case .example: "a worked example comes out"
      }
    }
  }

  /// What was asked of one component, and what came of it.
  public struct Report: Equatable, Sendable {
    /// As people know it: `correction term "anchor"`.
    public let component: String
    /// The rules that it was held to, in the order they were.
    public let rules: [Rule]
    /// The rules that it was not held to, because of what was found before.
    public let skipped: [Rule]
    /// What is wrong; nothing where all is well.
    public let findings: [Finding]
  }

  /// What parts of a model are built in, and given.
  public struct Setting: Sendable {
    /// Side of the images that backbones and landmark extractors see, in pixels.
    public var inputSize = 32
    /// What encoders get of a backbone, the coarsest last.
    public var imageLevels = [
      PyramidLevel(height: 8, width: 8, channels: 8), PyramidLevel(height: 4, width: 4, channels: 16),
    ]
    /// What encoders get of a landmark extractor, the coarsest last.
    public var landmarkLevels = [
      PyramidLevel(height: 8, width: 8, channels: 8), PyramidLevel(height: 4, width: 4, channels: 24),
    ]
    /// What components may require, for ``rowCount`` samples.
    public var evidence: Evidence
    /// What a recipe would say of components that cannot do without, as "augmentations/one-of".
    public var options: [String: JSONValue] = [
      "augmentations/one-of": .object(["of": .array([.string("flip"), .string("rotate")])])
    ]

    /// Small images and pyramids.
    public init(evidence: Evidence = [:]) { self.evidence = evidence }
  }

  /// Checks everything registered, with default options.
  /// - Parameter only: one component, as "corrections/anchor"; nil for all.
  /// - Parameter setting: evidence that it lacks is taken from the registered parts that provide it.
  /// - Returns: what is wrong; nothing where all is well.
  public static func problems(
    in registry: Registry, only: String? = nil, setting: Setting = Setting()
  ) -> [Finding] {
    reports(in: registry, only: only.map { [$0] }, setting: setting, tell: { _ in }).flatMap(\.findings)
  }

  /// The same with all that was asked of each component.
  /// - Parameter only: some components, as "corrections/anchor"; nil for all.
  /// - Parameter tell: is told of each component as soon as it is done.
  @discardableResult public static func reports(
    in registry: Registry, only: [String]? = nil, setting: Setting = Setting(),
    tell: (Report) throws -> Void = { _ in }
  ) rethrows -> [Report] {
    let setting = setting.completed(from: registry)
    return try Mirror(reflecting: registry).children.compactMap { $0.value as? any Shelf }
      .flatMap { try $0.reports(only: only, setting, registry.resolver, tell: tell) }
  }

  /// Checks one registered component.
  /// - Parameter registry: where it is registered, with those that may stand inside it or provide what it requires.
  /// - Parameter options: what a recipe would say of it; nil for the defaults.
  public static func problems<Kind>(
    of entry: Entry<Kind>, in registry: Registry, options: JSONValue? = nil, setting: Setting = Setting()
  ) -> [Finding] {
    report(
      on: Subject(entry: entry, options: options, resolver: registry.resolver),
      setting.completed(from: registry)
    ).findings
  }

  fileprivate static func report<Kind>(on subject: Subject<Kind>, _ setting: Setting) -> Report {
    let title = "\(subject.summary.kind) \"\(subject.summary.name)\""
    let running = Running(title)
    return running { report(on: subject, titled: title, setting) }
  }

  private static func report<Kind>(
    on subject: Subject<Kind>, titled title: String, _ setting: Setting
  ) -> Report {
    var found = Findings(component: title)
    OptionCheck(subject: subject).run(&found)
    let needed = subject.prepared.requires
    let unknown = needed.filter { setting.evidence[$0] == nil }
    for key in unknown { found.add(.evidence, "requires \"\(key)\": hand it to this check") }
    guard unknown.isEmpty else { return found.report }
    let evidence = setting.evidence.filter { needed.contains($0.key) }
    do {
      switch subject {
      case let subject as Subject<any Backbone>: try trial(subject, setting, evidence).run(&found)
      case let subject as Subject<any LandmarkExtractor>: try trial(subject, setting, evidence).run(&found)
      case let subject as Subject<any Encoder>:
        for trial in try trials(subject, setting, evidence) { try trial.run(&found) }
      case let subject as Subject<any Head>: try trial(subject, evidence).run(&found)
      case let subject as Subject<any CorrectionTerm>: try trial(subject, evidence).run(&found)
      case let subject as Subject<any Loss>: try LossCheck(subject, evidence).run(&found)
      case let subject as Subject<any Sampler>: try check(subject, &found)
      case let subject as Subject<any Augmentation>: try check(subject, &found)
      case let subject as Subject<any Views>: try check(subject, &found)
      case let subject as Subject<any Dataset>: try check(subject, &found)
      case let subject as Subject<any FaceDetector>: try check(subject, &found)
      case let subject as Subject<any LabelPolicy>: try LabelPolicyCheck(subject, evidence).run(&found)
      case let subject as Subject<any Optimizer>: try OptimizerCheck(subject).run(&found)
      case let subject as Subject<any Schedule>: try check(subject, &found)
      default: found.add(.purpose, "the kit knows no rules for this kind")
      }
    } catch is NotInThisBuild {
      found.skip(.determinism, .purpose, .range)
    } catch {
      found.add(.options, "cannot be built with these options: \(error)")
    }
    return found.report
  }
}

/// The components of any kind: the kit walks whatever the registry holds, so that no kind can be forgotten.
private protocol Shelf {
  func reports(
    only: [String]?, _ setting: ConformanceKit.Setting, _ resolver: @escaping ComponentResolver,
    tell: (ConformanceKit.Report) throws -> Void
  ) rethrows -> [ConformanceKit.Report]
}
extension ComponentRegistry: Shelf {
  func reports(
    only: [String]?, _ setting: ConformanceKit.Setting, _ resolver: @escaping ComponentResolver,
    tell: (ConformanceKit.Report) throws -> Void
  ) rethrows -> [ConformanceKit.Report] {
    try all.compactMap { entry in
      let name = "\(plural)/\(entry.summary.name)"
      guard only?.contains(name) ?? true else { return nil }
      let report = ConformanceKit.report(
        on: Subject(entry: entry, options: setting.options[name], resolver: resolver), setting)
      try tell(report)
      return report
    }
  }
}

/// What is found wrong with one component.
struct Findings {
  let component: String
  private(set) var all: [ConformanceKit.Finding] = []
  private var rules: [ConformanceKit.Rule] = []
  private var skipped: [ConformanceKit.Rule] = []

  init(component: String) { self.component = component }

  var report: ConformanceKit.Report {
    .init(
      component: component, rules: rules, skipped: skipped.filter { !rules.contains($0) }, findings: all)
  }

  /// Notes that the component is held to a rule.
  mutating func look(_ rule: ConformanceKit.Rule) { if !rules.contains(rule) { rules.append(rule) } }

  /// Notes that it cannot be held to some rules after what was found.
  mutating func skip(_ rules: ConformanceKit.Rule...) {
    for rule in rules where !skipped.contains(rule) { skipped.append(rule) }
  }

  mutating func add(_ rule: ConformanceKit.Rule, _ message: String) {
    look(rule)
    let finding = ConformanceKit.Finding(component: component, rule: rule, message: message)
    if !all.contains(finding) { all.append(finding) }
  }

  mutating func expect(_ holds: Bool, _ rule: ConformanceKit.Rule, _ message: @autoclosure () -> String) {
    look(rule)
    if !holds { add(rule, message()) }
  }
}
