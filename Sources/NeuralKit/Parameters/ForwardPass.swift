import Support
import TensorKit

/// What a forward pass carries: its mode, its tape, its randomness. There is no global training flag.
public struct ForwardPass {
  /// Records operations for the backward pass; nil records nothing.
  public let tape: Tape?
  /// Batch statistics, dropout and drop path are active.
  public let isTraining: Bool
  /// Which draw this is: the global step in training.
  package let step: Int
  /// The place of this pass's first row in the step's batch, where the batch goes through in pieces: a row's random
  /// draws depend on its place in the whole batch. Counts rows of what the layers see: V for each sample that has
  /// V views.
  public package(set) var firstRow = 0
  /// How far apart this pass's rows stand in the step's batch: V where it sees one of V views at a time, so that each
  /// view draws by itself, as it does where all go through at once.
  public package(set) var rowStride = 1
  /// Whether batch norms let their running statistics follow this batch; the second pass of SAM over the same
  /// batch does not.
  public package(set) var updatesStatistics = true
  /// The numbers that large products are made in. Anything but 32-bit floats is for passes that record nothing.
  public private(set) var precision = Precision.float32
  /// Who looks on; nil in every pass but one that is to explain an answer.
  package private(set) var witness: PassWitness?
  private let seed: UInt64

  private init(tape: Tape?, isTraining: Bool, step: Int, seed: UInt64) {
    (self.tape, self.isTraining, self.step, self.seed) = (tape, isTraining, step, seed)
  }

  /// A training pass that records on `tape`.
  public static func training(on tape: Tape, seed: UInt64, step: Int) -> ForwardPass {
    ForwardPass(tape: tape, isTraining: true, step: step, seed: seed)
  }

  /// A pass that only predicts.
  public static var evaluation: ForwardPass { ForwardPass(tape: nil, isTraining: false, step: 0, seed: 0) }

  /// A pass that only predicts, with products in `precision`.
  /// - Precondition: this process has it (``Precision/obstacle`` is nil).
  package static func evaluation(in precision: Precision) -> ForwardPass {
    require(precision.obstacle == nil, "\(precision): \(precision.obstacle ?? "")")
    var pass = evaluation
    pass.precision = precision
    return pass
  }

  /// The same pass with products in 32-bit floats.
  public var inFloat32: ForwardPass {
    var pass = self
    pass.precision = .float32
    return pass
  }

  /// The same pass for a part that stays as it is: on stored statistics, recording nothing of its own, in the same
  /// precision.
  package var frozen: ForwardPass {
    var pass = ForwardPass.evaluation
    (pass.precision, pass.witness) = (precision, witness)
    return pass
  }

  /// The same pass over the rows from `row` on, for a part of which another process gathers the parameters' gradients.
  package func withoutGradients(from row: Int) -> ForwardPass {
    var pass = ForwardPass(tape: nil, isTraining: isTraining, step: step, seed: seed)
    (pass.updatesStatistics, pass.precision, pass.witness) = (updatesStatistics, precision, witness)
    pass.firstRow = row
    return pass
  }

  /// The same pass with somebody who looks on.
  package func seen(by witness: PassWitness) -> ForwardPass {
    var pass = self
    pass.witness = witness
    return pass
  }

  /// A pass in evaluation mode that records nevertheless: for gradient checks.
  public static func recording(on tape: Tape) -> ForwardPass {
    ForwardPass(tape: tape, isTraining: false, step: 0, seed: 0)
  }

  /// A parameter's value, watched by the tape where it is to be trained.
  public subscript(parameter: Parameter) -> Tensor {
    guard let tape, parameter.isTrainable else { return parameter.value }
    return tape.watch(parameter.value, key: ObjectIdentifier(parameter))
  }

  /// Whether this pass wants the gradient of any of these.
  func records(_ parameters: Parameter?...) -> Bool {
    tape != nil && parameters.contains { $0?.isTrainable ?? false }
  }

  /// Randomness for one layer in this step, from the first row of the whole batch on. A layer that draws for each row
  /// starts a row at ``firstRow`` (and ``rowStride`` for each row before it) times the draws of a row: see `RandomSource.advanced(by:)`.
  public func random(for layer: String) -> RandomSource {
    RandomSource(seed: seed, stream: layer, epoch: UInt64(step))
  }
}
