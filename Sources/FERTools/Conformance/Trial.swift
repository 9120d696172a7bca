import FERCore
import NeuralKit
import Support
import TensorKit

/// A part of a model, what it is built in, what it is given and how it is run: all that the rules common to every kind of
/// part need.
struct Trial<Part> {
  /// What a part delivers.
  struct Delivery {
    var values: [Tensor]
    var evidence: Evidence = [:]

    /// Everything, and whether its first axis is the samples.
    var all: [(value: Tensor, hasRows: Bool)] {
      values.map { ($0, true) } + evidence.byName.map { ($0.value, $0.key.layout != .shared) }
    }
  }

  let subject: Subject<Part>
  /// What it is built in; each gets a store of its own.
  let context: BuildContext
  /// The first axis of each is the samples, or the views of all samples.
  let inputs: [Tensor]
  /// What it requires.
  let evidence: Evidence
  /// How far a sample's result may move with the batch around it, as a share of the larger of 1 and its largest value;
  /// nil where it may depend on the batch. Matrix products of another height round differently, and a deep network adds
  /// that up.
  var leakTolerance: Float? = 2e-5
  /// Whether it means something in training only.
  var isTrainingOnly = false
  /// Whether every parameter matters; what weighs views has nothing to weigh where there is one.
  var hasGradients = true
  let run: (Part, [Tensor], Evidence, ForwardPass) -> Delivery
  /// What its kind adds about an ordinary delivery.
  let declared: (Part, Delivery, inout Findings) -> Void
  /// Inputs that are hard to stay finite at, in words.
  var hardInputs: [(words: String, inputs: [Tensor])] = []

  /// A built component and its parameters.
  struct Built {
    let part: Part
    let store: ParameterStore
  }

  /// Sizes and evidence first; where they are right, determinism, leaks, saving, gradients and hard inputs.
  func run(_ found: inout Findings) throws {
    let built = try build(seed: 1)
    let ordinary = deliver(built)
    let count = found.all.count
    declared(built.part, ordinary, &found)
    let (trained, training) = try train()
    var inTraining = Findings(component: found.component)
    declared(trained, training, &inTraining)
    for finding in inTraining.all where !found.all.contains(finding) {
      found.add(finding.rule, "in training, " + finding.message)
    }
    checkEvidence(ordinary, "in evaluation", &found)
    checkEvidence(training, "in training", &found)
    guard found.all.count == count else {
      found.skip(.finite, .determinism)
      if leakTolerance != nil { found.skip(.independence) }
      found.skip(.saving)
      if hasGradients { found.skip(.gradients) }
      return
    }
    try checkFinite(at: inputs, evidence, "ordinary input", &found)
    guard found.all.count == count else {
      if hasGradients { found.skip(.gradients) }
      return found.skip(.determinism, .independence, .saving)
    }
    try checkDeterminism(ordinary, &found)
    checkLeaks(built, ordinary, &found)
    try checkSaving(&found)
    if hasGradients { GradientCheck(trial: self, built: try build(seed: 1)).run(&found) }
    for (words, inputs) in hardInputs {
      try checkFinite(at: inputs, evidence.mapValues { .zeros($0.shape) }, words, &found)
    }
  }

  /// What an ordinary pass delivers, for parts that require it.
  func delivered() throws -> Delivery { deliver(try build(seed: 1)) }

  /// Builds the component, with all its parameters away from special values: scales are not exactly 1, biases
  /// not 0, and no branch is scaled to nothing.
  func build(seed: UInt64) throws -> Built {
    var context = context
    context.scope = ParameterScope()
    let part = try subject.make(in: &context)
    let store = context.scope.store
    store.fill(seed: seed)
    for parameter in store.all where parameter.shape.count == 1 {
      let shift = SeededNumbers.uniform("conformance \(parameter.name) \(seed)", parameter.count)
      parameter.value = parameter.value + Tensor(parameter.shape, shift.map { 0.2 * abs($0) })
    }
    return Built(part: part, store: store)
  }

  /// A pass that predicts, or the nearest to it for what means something in training only.
  func recording(on tape: Tape) -> ForwardPass {
    guard isTrainingOnly else { return .recording(on: tape) }
    var pass = ForwardPass.training(on: tape, seed: 1, step: 0)
    pass.updatesStatistics = false
    return pass
  }

  func deliver(_ built: Built) -> Delivery {
    run(built.part, inputs, evidence, isTrainingOnly ? recording(on: Tape()) : .evaluation)
  }

  /// What a training pass delivers. It is a new part's: running statistics follow what they see.
  private func train() throws -> (part: Part, delivery: Delivery) {
    let part = try build(seed: 1).part
    return (part, run(part, inputs, evidence, Self.training))
  }

  private static var training: ForwardPass { .training(on: Tape(), seed: 3, step: 5) }

  /// Σ weight · value over all outputs, with fixed weights, so that errors cannot cancel.
  func weighed(_ outputs: [Tensor]) -> Tensor {
    outputs.enumerated().reduce(Tensor.zeros([1])) { sum, output in
      sum + (output.element * Tensor(output.element.shape, Self.weights(output.offset, output.element))).sum()
    }
  }

  static func weights(_ place: Int, _ output: Tensor) -> [Float] {
    SeededNumbers.uniform("conformance weights \(place)", output.count)
  }

  private func checkEvidence(_ delivery: Delivery, _ place: String, _ found: inout Findings) {
    let provided = subject.prepared.provides
    found.look(.evidence)
    for key in provided where delivery.evidence[key] == nil {
      found.add(.evidence, "declares the evidence \"\(key)\" and does not deliver it \(place)")
    }
    for (key, value) in delivery.evidence.byName {
      found.expect(
        provided.contains(key), .evidence,
        "delivers the evidence \"\(key)\" \(place), and does not declare it")
      let problem = key.problem(with: value.shape, rows: ConformanceKit.rowCount, views: context.views.count)
      if let problem { found.add(.evidence, "\(place), \(problem)") }
    }
  }

  /// Not a number or infinite results and gradients at these inputs.
  private func checkFinite(
    at inputs: [Tensor], _ evidence: Evidence, _ words: String, _ found: inout Findings
  ) throws {
    let (built, tape) = (try build(seed: 1), Tape())
    let watched = inputs.map { tape.watch($0) }
    let evidence = evidence.mapValues { tape.watch($0) }
    let delivery = run(built.part, watched, evidence, recording(on: tape))
    tape.backward(from: weighed(delivery.values))
    let gradients =
      (watched + evidence.byName.map(\.value)).compactMap { tape.gradient(of: $0) }
      + built.store.trainable.compactMap { tape.gradient(for: ObjectIdentifier($0)) }
    checkFinite(delivery.all.map(\.value), words, &found)
    checkFinite(gradients, "\(words), gradients", &found)
  }

  private func checkFinite(_ tensors: [Tensor], _ words: String, _ found: inout Findings) {
    found.expect(
      tensors.allSatisfy { $0.values.allSatisfy(\.isFinite) }, .finite, "\(words): a value is not finite")
  }

  private func checkDeterminism(_ ordinary: Delivery, _ found: inout Findings) throws {
    found.expect(
      same(deliver(try build(seed: 1)), ordinary), .determinism,
      "built twice with the same seed, it gives different results")
    found.expect(
      same(try train().delivery, try train().delivery), .determinism,
      "with the same seed and step, two training passes give different results")
  }

  private func checkLeaks(_ built: Built, _ ordinary: Delivery, _ found: inout Findings) {
    guard let leakTolerance else { return }
    for sample in 0..<ConformanceKit.rowCount {
      let alone = run(
        built.part, inputs.map { $0.rows([sample]) }, evidence.rows([sample]),
        isTrainingOnly ? recording(on: Tape()) : .evaluation)
      for (place, (one, whole)) in zip(alone.all, ordinary.all).enumerated() {
        let within = whole.hasRows ? whole.value.rows([sample]) : whole.value
        let largest = zip(one.value.values, within.values).map { abs($0 - $1) }.max() ?? 0
        let scale = max(1, within.values.map(abs).max() ?? 0)
        found.expect(
          one.value.shape == within.shape && largest <= leakTolerance * scale, .independence,
          "sample \(sample) alone and within the batch differ by \(largest) in output \(place)")
      }
    }
  }

  /// Everything the component needs must be in its parameters and buffers: written to a file and read into a
  /// second one that started from another seed, they must give the same bits.
  private func checkSaving(_ found: inout Findings) throws {
    let (trained, loaded) = (try build(seed: 1), try build(seed: 2))
    _ = run(trained.part, inputs, evidence, Self.training)
    let folder = try TemporaryFolder("check")
    let path = folder.path + "/weights.safetensors"
    let arrays = trained.store.all.map { ($0.name, $0.fileValue) }
    try WeightFile.write(Dictionary(uniqueKeysWithValues: arrays), to: path)
    try WeightFile(path).load(into: loaded.store.all)
    found.expect(
      same(deliver(loaded), deliver(trained)), .saving, "saved and loaded again, it gives different results")
  }

  private func same(_ first: Delivery, _ second: Delivery) -> Bool {
    first.all.count == second.all.count
      && zip(first.all, second.all).allSatisfy {
        $0.value.shape == $1.value.shape && $0.value.values == $1.value.values
      }
  }
}

extension Tensor {
  /// What belongs to these samples: a row each, or as many as each has views.
  func rows(_ samples: [Int]) -> Tensor {
    let views = shape[0] / ConformanceKit.rowCount
    return gathered(rows: samples.flatMap { sample in (0..<views).map { sample * views + $0 } })
  }
}

extension Evidence {
  /// The same of some samples.
  func rows(_ samples: [Int]) -> Evidence {
    Dictionary(uniqueKeysWithValues: map { ($0, $0.layout == .shared ? $1 : $1.rows(samples)) })
  }
}
