import NeuralKit
import TensorKit

/// Decides what training samples are taken for: noise, relabelling, a teacher. Acts on `data.train` alone; several are
/// applied in the recipe's order.
///
/// All that it learns must be in ``state``, which is in every checkpoint.
public protocol LabelPolicy: AnyObject, Component where Kind == any LabelPolicy {
  /// The evidence that ``observe(_:_:_:epoch:)`` reads.
  static func requires(_ options: Options) -> [EvidenceKey]
  /// Called before training, and before ``state`` is set where a run is resumed. May change labels and distributions for
  /// good (a changed label without a distribution of its own loses the old one), as a function of seed and sample ids; samplers see the changes. Nobody's files are ever changed.
  /// - Throws: where something it needs cannot be had, such as the file of a teacher.
  func begin(_ samples: inout [Sample], in setting: TrainingSetting) throws
  /// What a batch is to be taken for; asked once a batch, before its first forward pass.
  /// - Parameter given: what the policy before it answered.
  func targets(_ given: Targets, for batch: Batch) throws -> Targets
  /// Told once a step, after it, of all its rows in batch order.
  /// - Parameter targets: what the losses saw.
  /// - Parameter indices: where each row stands among the samples.
  /// - Parameter epoch: counted from 0.
  func observe(_ outcome: Outcome, _ targets: Targets, _ indices: [Int], epoch: Int)
  /// All that it has learned.
  var state: ComponentState { get set }
  /// Of what it read outside the recipe, such as a teacher's weights; "" for nothing. A run is resumed only where it is
  /// the same.
  var fingerprint: String { get }
  /// What it did, by sample id, written beside the run.
  func remarks(on samples: [Sample], classes: [String]) -> [Table]
}
extension LabelPolicy {
  /// Reads no evidence.
  public static func requires(_ options: Options) -> [EvidenceKey] { [] }
  /// Leaves the samples as they are.
  public func begin(_ samples: inout [Sample], in setting: TrainingSetting) throws {}
  /// Leaves the targets as they are.
  public func targets(_ given: Targets, for batch: Batch) throws -> Targets { given }
  /// Learns nothing.
  public func observe(_ outcome: Outcome, _ targets: Targets, _ indices: [Int], epoch: Int) {}
  /// Nothing was learned.
  public var state: ComponentState {
    get { ComponentState() }
    set {}
  }
  /// Nothing was read outside the recipe.
  public var fingerprint: String { "" }
  /// Nothing to tell.
  public func remarks(on samples: [Sample], classes: [String]) -> [Table] { [] }
}

/// What a component has learned beside the model's parameters: lists of numbers by name.
public struct ComponentState: Sendable, Equatable, Codable {
  /// Finite numbers; whole ones up to 2⁵³ stay exact.
  public var numbers: [String: [Double]]

  /// A state of these numbers.
  public init(_ numbers: [String: [Double]] = [:]) { self.numbers = numbers }
}

/// What a label policy may know and use before training.
public struct TrainingSetting: Sendable {
  /// The class names, in the model's order.
  public let classes: [String]
  /// Every random number follows from it; another one for each place in the list of policies.
  public let seed: UInt64
  /// A frozen model, whose classes are met by name: the folder of a run or a recipe, and the file of its weights; with
  /// an empty second path a run's own weights. A recipe alone has none.
  /// - Throws: where there is none, or it was trained for other classes, another size or number of views.
  public let loadModel: @Sendable (_ model: FilePath, _ weights: FilePath) throws -> any FrozenModel

  /// The classes, the seed, and a way to other models.
  public init(
    classes: [String], seed: UInt64,
    loadModel: @escaping @Sendable (_ model: FilePath, _ weights: FilePath) throws -> any FrozenModel
  ) { (self.classes, self.seed, self.loadModel) = (classes, seed, loadModel) }
}

/// A trained model that only predicts, on stored statistics; it is in no parameter store and no checkpoint.
public protocol FrozenModel {
  /// Of its weights.
  var fingerprint: String { get }
  /// - Parameter images: `[n·V, size, size, 3]`, normalised as the recipe in training says.
  /// - Returns: its final distribution `[n, C]`, in the order of the recipe's classes.
  /// - Throws: where a part of it delivers something else than it declared.
  func distribution(of images: Tensor) throws -> Tensor
}
