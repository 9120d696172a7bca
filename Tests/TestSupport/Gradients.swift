import FERTools
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
  for problem in try CentralDifferences.problems(at: inputs, step: step, tolerance: tolerance, of: function) {
    Issue.record("\(problem)", sourceLocation: sourceLocation)
  }
}

/// ``checkGradients(at:step:tolerance:sourceLocation:of:)`` for a function of one tensor.
public func checkGradients(
  at input: Tensor, step: Float = 1e-2, tolerance: Double = 2e-3,
  sourceLocation: SourceLocation = #_sourceLocation, of function: (Tensor) throws -> Tensor
) rethrows {
  for problem in try CentralDifferences.problems(
    at: [input], step: step, tolerance: tolerance, of: { try function($0[0]) })
  {
    Issue.record("\(problem)", sourceLocation: sourceLocation)
  }
}
