import FERCore
import NeuralKit
import TensorKit

/// Whether every trainable parameter gets a gradient, and the right one.
///
/// Single entries of a deep network's weights are too small a cause for single precision. So each parameter is
/// moved along its own gradient g: the result must rise by |g| for each unit of the way. Entries whose gradient
/// is 0 are moved all at once: nothing may change. At most `sampled` parameters are moved, spread evenly over
/// the component.
struct GradientCheck<Part: Component> {
  let trial: Trial<Part>
  let built: Trial<Part>.Built
  private let sampled = 16

  func problems() -> [String] {
    let gradients = gradients(in: { .recording(on: $0) })
    let inTraining = self.gradients(in: {
      var pass = ForwardPass.training(on: $0, seed: 1, step: 0)
      pass.updatesStatistics = false
      return pass
    })
    let trainable = built.store.trainable
    let without = trainable.indices.filter { isEmpty(gradients[$0]) && isEmpty(inTraining[$0]) }
    guard without.isEmpty else {
      return without.map { "parameter \"\(trainable[$0].name)\" gets no gradient" }
    }
    let step = max(1, trainable.count / sampled)
    return stride(from: 0, to: trainable.count, by: step).flatMap { place -> [String] in
      gradients[place].map { problems(with: trainable[place], gradient: $0) } ?? []
    }
  }

  private func gradients(in mode: (Tape) -> ForwardPass) -> [Tensor?] {
    let tape = Tape()
    tape.backward(from: trial.weighed(trial.run(built.part, trial.inputs, mode(tape))))
    return built.store.trainable.map { tape.gradient(for: ObjectIdentifier($0)) }
  }

  private func isEmpty(_ gradient: Tensor?) -> Bool {
    gradient.map { $0.values.allSatisfy { $0 == 0 } } ?? true
  }

  private func problems(with parameter: Parameter, gradient: Tensor) -> [String] {
    guard gradient.shape == parameter.shape else {
      return ["gradient of \"\(parameter.name)\" has shape \(gradient.shape), the parameter has \(parameter.shape)"]
    }
    let values = gradient.values
    let size = norm(values)
    guard size > 0 else { return [] }
    var problems: [String] = []
    let along = slope(of: parameter, along: values.map { Float(Double($0) / size) })
    if !(abs(along.slope - size) <= 0.03 * size + along.noise) {
      problems.append(
        "gradient of \"\(parameter.name)\" has norm \(size), central differences along it say \(along.slope)")
    }
    let still = values.map { $0 == 0 ? Float(1) : 0 }
    let count = norm(still)
    if count > 0 {
      let signs = zip(still, uniform("conformance signs", still.count)).map { $1 < 0 ? -$0 : $0 }
      let beside = slope(of: parameter, along: signs.map { Float(Double($0) / count) })
      if !(abs(beside.slope) <= 0.01 * size + beside.noise) {
        problems.append(
          "\(still.filter { $0 != 0 }.count) entries of \"\(parameter.name)\" have gradient 0, and moving them changes "
            + "the result by \(beside.slope)")
      }
    }
    return problems
  }

  /// The slope along a direction of length 1, and how far single precision may put it off.
  private func slope(of parameter: Parameter, along direction: [Float]) -> (slope: Double, noise: Double) {
    let start = parameter.value
    defer { parameter.value = start }
    let step = Float(0.005 * max(norm(start.values), 0.01 * Double(start.count).squareRoot()))
    let unit = Tensor(start.shape, direction)
    var largest = 0.0
    let slope = TestSupport.slope(step: step) { shift in
      parameter.value = start + unit * shift
      return trial.run(built.part, trial.inputs, .evaluation).enumerated().reduce(0) { sum, output in
        let weights = uniform("conformance weights \(output.offset)", output.element.count)
        largest = max(largest, norm(zip(output.element.values, weights).map { $0 * $1 }))
        return sum + weighedSum(output.element, weights)
      }
    }
    return (slope, 4e-6 * largest / Double(step))
  }

  private func norm(_ values: [Float]) -> Double {
    values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}
