import TensorKit
import Testing

/// Fails unless the gradients of `function` at `inputs` agree with central differences.
///
/// The function's output is weighed by fixed numbers and summed, so that errors cannot cancel. Inputs must keep
/// away from kinks (ReLU at 0, ties of a maximum) by more than `2 * step`.
/// - Parameter tolerance: the largest allowed difference, as a share of the larger of 1 and the largest gradient.
public func checkGradients(
  at inputs: Tensor..., step: Float = 1e-2, tolerance: Double = 2e-3,
  sourceLocation: SourceLocation = #_sourceLocation, of function: ([Tensor]) throws -> Tensor
) rethrows {
  for problem in try gradientProblems(at: inputs, step: step, tolerance: tolerance, of: function) {
    Issue.record("\(problem)", sourceLocation: sourceLocation)
  }
}

/// ``checkGradients(at:step:tolerance:sourceLocation:of:)`` for a function of one tensor.
public func checkGradients(
  at input: Tensor, step: Float = 1e-2, tolerance: Double = 2e-3,
  sourceLocation: SourceLocation = #_sourceLocation, of function: (Tensor) throws -> Tensor
) rethrows {
  for problem in try gradientProblems(
    at: [input], step: step, tolerance: tolerance, of: { try function($0[0]) })
  {
    Issue.record("\(problem)", sourceLocation: sourceLocation)
  }
}

/// The entries whose gradient disagrees with central differences, in sentences.
public func gradientProblems(
  at inputs: [Tensor], step: Float = 1e-2, tolerance: Double = 2e-3, of function: ([Tensor]) throws -> Tensor
) rethrows -> [String] {
  let tape = Tape()
  let keys = inputs.map { _ in GradientKey() }
  let watched = zip(inputs, keys).map { tape.watch($0, key: ObjectIdentifier($1)) }
  let output = try function(watched)
  let weights = uniform("weights of a gradient check", output.count)
  tape.backward(from: (output * Tensor(output.shape, weights)).sum())

  var problems: [String] = []
  for (place, input) in inputs.enumerated() {
    let found = tape.gradient(for: ObjectIdentifier(keys[place])) ?? Tensor.zeros(input.shape)
    guard found.shape == input.shape else {
      problems.append("gradient of input \(place) has shape \(found.shape), expected \(input.shape)")
      continue
    }
    let analytic = found.values
    let numeric = try input.values.indices.map { entry in
      try slope(step: step) { shift in
        var shifted = inputs
        var values = input.values
        values[entry] += shift
        shifted[place] = Tensor(input.shape, values)
        return weighedSum(try function(shifted), weights)
      }
    }
    let allowed = tolerance * max(1, numeric.map(abs).max() ?? 0)
    for entry in analytic.indices where !(abs(Double(analytic[entry]) - numeric[entry]) <= allowed) {
      problems.append(
        "gradient of input \(place) at entry \(entry) is \(analytic[entry]), central differences say \(numeric[entry])"
      )
    }
  }
  withExtendedLifetime(keys) {}
  return Array(problems.prefix(5))
}

/// The slope of `function` at 0 from four points: the error falls with the fourth power of the step.
func slope(step: Float, of function: (Float) throws -> Double) rethrows -> Double {
  let near = try function(step) - function(-step)
  let far = try function(2 * step) - function(-2 * step)
  return (8 * near - far) / (12 * Double(step))
}

/// Σ value · weight in double precision.
func weighedSum(_ tensor: Tensor, _ weights: [Float]) -> Double {
  zip(tensor.values, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

private final class GradientKey {}
