import FERCore
import NeuralKit
import TensorKit

/// Whether every trainable parameter gets a gradient, and the right one.
///
/// Single entries of a deep network's weights are too small a cause for single precision. So each parameter is moved
/// along its own gradient g: the result must rise by |g| for each unit of the way. Long steps cross kinks and bends,
/// short ones drown in rounding: one of three lengths must show the right slope. Entries whose gradient is 0 are moved
/// all at once: nothing may change. At most about `sampled` parameters are moved, spread evenly over the component.
struct GradientCheck<Part> {
  let trial: Trial<Part>
  let built: Trial<Part>.Built
  private let sampled = 16

  /// The evidence that is not detached, which the results are weighed with.
  private let counted: [EvidenceKey]

  init(trial: Trial<Part>, built: Trial<Part>.Built) {
    (self.trial, self.built) = (trial, built)
    let delivery = trial.run(built.part, trial.inputs, trial.evidence, trial.recording(on: Tape()))
    counted = delivery.evidence.byName.filter { $0.value.isTracked }.map(\.key)
  }

  func run(_ found: inout Findings) {
    found.look(.gradients)
    let gradients = gradients(in: trial.recording)
    let inTraining = self.gradients(in: {
      var pass = ForwardPass.training(on: $0, seed: 1, step: 0)
      pass.updatesStatistics = false
      return pass
    })
    let trainable = built.store.trainable
    let without = trainable.indices.filter { isEmpty(gradients[$0]) && isEmpty(inTraining[$0]) }
    for place in without { found.add(.gradients, "parameter \"\(trainable[place].name)\" gets no gradient") }
    guard without.isEmpty else { return }
    for place in stride(from: 0, to: trainable.count, by: max(1, trainable.count / sampled)) {
      gradients[place].map { problems(with: trainable[place], gradient: $0) }?.forEach {
        found.add(.gradients, $0)
      }
    }
  }

  private func outputs(in pass: ForwardPass) -> [Tensor] {
    let delivery = trial.run(built.part, trial.inputs, trial.evidence, pass)
    return delivery.values + counted.compactMap { delivery.evidence[$0] }
  }

  private func gradients(in mode: (Tape) -> ForwardPass) -> [Tensor?] {
    let tape = Tape()
    tape.backward(from: trial.weighed(outputs(in: mode(tape))))
    return built.store.trainable.map { tape.gradient(for: ObjectIdentifier($0)) }
  }

  private func isEmpty(_ gradient: Tensor?) -> Bool {
    gradient.map { $0.values.allSatisfy { $0 == 0 } } ?? true
  }

  private func problems(with parameter: Parameter, gradient: Tensor) -> [String] {
    guard gradient.shape == parameter.shape else {
      return [
        "gradient of \"\(parameter.name)\" has shape \(gradient.shape), the parameter has \(parameter.shape)"
      ]
    }
    let values = gradient.values
    let size = norm(values)
    guard size > 0 else { return [] }
    let along = values.map { Float(Double($0) / size) }
    var problems: [String] = []
    if let found = wrongSlope(of: parameter, along: along, expected: size, scale: size) {
      problems.append(
        "gradient of \"\(parameter.name)\" has norm \(size), central differences along it say \(found)")
    }
    let still = values.map { $0 == 0 ? Float(1) : 0 }
    let length = norm(still)
    guard length > 0 else { return problems }
    let beside = zip(still, SeededNumbers.uniform("conformance signs", still.count)).map {
      Float(Double($1 < 0 ? -$0 : $0) / length)
    }
    if let found = wrongSlope(of: parameter, along: beside, expected: 0, scale: size) {
      problems.append(
        "\(still.filter { $0 != 0 }.count) entries of \"\(parameter.name)\" have gradient 0, and moving them changes "
          + "the result by \(found)")
    }
    return problems
  }

  /// Nil where one of the steps shows the expected slope to 3 % of `scale`; else what the longest step shows.
  private func wrongSlope(
    of parameter: Parameter, along direction: [Float], expected: Double, scale: Double
  ) -> Double? {
    var shown: Double?
    for length in [5e-3, 5e-4, 5e-5] {
      let (slope, noise) = slope(of: parameter, along: direction, length: length)
      guard shown == nil || noise < 0.1 * scale else { break }
      if abs(slope - expected) <= 0.03 * scale + noise { return nil }
      shown = shown ?? slope
    }
    return shown
  }

  /// The slope along a direction of length 1, and how far single precision may put it off.
  private func slope(
    of parameter: Parameter, along direction: [Float], length: Double
  ) -> (slope: Double, noise: Double) {
    let start = parameter.value
    defer { parameter.value = start }
    let step = Float(length * max(norm(start.values), 0.01 * Double(start.count).squareRoot()))
    let unit = Tensor(start.shape, direction)
    var largest = 0.0
    let slope = CentralDifferences.slope(step: step) { shift in
      parameter.value = start + unit * shift
      return outputs(in: trial.recording(on: Tape())).enumerated().reduce(0) { sum, output in
        let weights = Trial<Part>.weights(output.offset, output.element)
        largest = max(largest, norm(zip(output.element.values, weights).map { $0 * $1 }))
        return sum + CentralDifferences.weighedSum(output.element, weights)
      }
    }
    return (slope, 4e-6 * largest / Double(step))
  }

  private func norm(_ values: [Float]) -> Double {
    values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}
