import FERCore
import NeuralKit
import TensorKit
import Support

/// A component, what it is built in, what it is given and how it is run: all that the checks common to every
/// kind need.
struct Trial<Part> {
  let entry: Entry<Part>
  /// What a recipe would say of it; nil for the defaults.
  let options: JSONValue?
  let context: () -> BuildContext
  /// The first axis of each is the samples.
  let inputs: [Tensor]
  /// The first axis of each result is the samples.
  let run: (Part, [Tensor], ForwardPass) -> [Tensor]

  /// How far a sample's result may move with the batch around it, as a share of the larger of 1 and its largest
  /// value. Matrix products of another height round differently, and a deep network adds that up.
  let leakTolerance: Float

  init(
    _ entry: Entry<Part>, _ options: JSONValue?, context: @escaping () -> BuildContext, inputs: [Tensor],
    leakTolerance: Float = 2e-5, run: @escaping (Part, [Tensor], ForwardPass) -> [Tensor]
  ) {
    self.entry = entry
    self.options = options
    self.context = context
    self.inputs = inputs
    self.leakTolerance = leakTolerance
    self.run = run
  }

  /// A built component and its parameters.
  struct Built {
    let part: Part
    let store: ParameterStore
  }

  /// All problems: of the options, of the sizes (`declared`), of determinism, leaks, saving and gradients.
  func problems(declared: (Part, [Tensor]) -> [String]) -> [String] {
    let optionProblems = OptionCheck(entry: entry).problems()
    do {
      let built = try build(seed: 1)
      let outputs = run(built.part, inputs, .evaluation)
      let sizes = declared(built.part, outputs) + finitenessProblems(outputs, "ordinary input")
      guard sizes.isEmpty else { return optionProblems + sizes }
      return try optionProblems + determinismProblems(outputs) + leakProblems(built, outputs)
        + savingProblems(outputs)
        + GradientCheck(trial: self, built: built).problems()
    } catch {
      return optionProblems + ["cannot be built with these options: \(error)"]
    }
  }

  /// Builds the component, with all its parameters away from special values: scales are not exactly 1, biases
  /// not 0, and no branch is scaled to nothing.
  func build(seed: UInt64) throws -> Built {
    var context = context()
    let part = try entry.make(options, in: &context)
    let store = context.scope.store
    store.fill(seed: seed)
    for parameter in store.all where parameter.shape.count == 1 {
      let shift = uniform("conformance \(parameter.name) \(seed)", parameter.count).map { 0.2 * abs($0) }
      parameter.value = parameter.value + Tensor(parameter.shape, shift)
    }
    return Built(part: part, store: store)
  }

  /// Not a number or infinite results and gradients at these inputs.
  func finitenessProblems(at inputs: [Tensor], _ what: String) -> [String] {
    do {
      let built = try build(seed: 1)
      let tape = Tape()
      let watched = inputs.map { tape.watch($0) }
      let outputs = run(built.part, watched, .recording(on: tape))
      tape.backward(from: weighed(outputs))
      let gradients =
        watched.compactMap { tape.gradient(of: $0) }
        + built.store.trainable.compactMap { tape.gradient(for: ObjectIdentifier($0)) }
      return finitenessProblems(outputs, what) + finitenessProblems(gradients, "\(what), gradients")
    } catch {
      return ["cannot be built with these options: \(error)"]
    }
  }

  /// Σ weight · value over all outputs, with fixed weights, so that errors cannot cancel.
  func weighed(_ outputs: [Tensor]) -> Tensor {
    outputs.enumerated().reduce(Tensor.zeros([1])) { sum, output in
      let weights = uniform("conformance weights \(output.offset)", output.element.count)
      return sum + (output.element * Tensor(output.element.shape, weights)).sum()
    }
  }

  private func finitenessProblems(_ tensors: [Tensor], _ what: String) -> [String] {
    tensors.contains { tensor in tensor.values.contains { !$0.isFinite } }
      ? ["\(what): a value is not finite"] : []
  }

  private func determinismProblems(_ outputs: [Tensor]) throws -> [String] {
    let again = try build(seed: 1)
    var problems: [String] = []
    if !same(run(again.part, inputs, .evaluation), outputs) {
      problems.append("built twice with the same seed, it gives different results")
    }
    func train() throws -> [Tensor] {
      run(try build(seed: 1).part, inputs, .training(on: Tape(), seed: 3, step: 5))
    }
    if !same(try train(), try train()) {
      problems.append("with the same seed and step, two training passes give different results")
    }
    return problems
  }

  private func leakProblems(_ built: Built, _ outputs: [Tensor]) -> [String] {
    (0..<ConformanceKit.batch).flatMap { sample -> [String] in
      let alone = run(built.part, inputs.map { $0.sliced(along: 0, from: sample, count: 1) }, .evaluation)
      return zip(alone, outputs).enumerated().compactMap { place, pair in
        let within = pair.1.sliced(along: 0, from: sample, count: 1)
        let largest = zip(pair.0.values, within.values).map { abs($0 - $1) }.max() ?? 0
        let scale = max(1, within.values.map(abs).max() ?? 0)
        guard pair.0.shape != within.shape || !(largest <= leakTolerance * scale) else { return nil }
        return "sample \(sample) alone and within the batch differ by \(largest) in output \(place)"
      }
    }
  }

  /// Everything the component needs must be in its parameters and buffers: written to a file and read into a
  /// second one that started from another seed, they must give the same bits.
  private func savingProblems(_ outputs: [Tensor]) throws -> [String] {
    let (trained, loaded) = (try build(seed: 1), try build(seed: 2))
    _ = run(trained.part, inputs, .training(on: Tape(), seed: 3, step: 0))
    let expected = run(trained.part, inputs, .evaluation)
    try withTemporaryFile { path in
      let arrays = trained.store.all.map { ($0.name, $0.fileValue) }
      try WeightFile.write(Dictionary(uniqueKeysWithValues: arrays), to: path)
      try WeightFile(path).load(into: loaded.store.all)
    }
    let found = run(loaded.part, inputs, .evaluation)
    return same(found, expected) ? [] : ["saved and loaded again, it gives different results"]
  }

  private func same(_ first: [Tensor], _ second: [Tensor]) -> Bool {
    first.count == second.count
      && zip(first, second).allSatisfy { $0.shape == $1.shape && $0.values == $1.values }
  }
}
