import Support

/// The operations that ran on a tensor and on what was made from it, in their order: what a network is, apart from the code
/// that runs it.
///
/// A ``Tape`` that traces takes the place of one that finds gradients. Every operation tells its kind; those that do several
/// things in one pass over memory do them one after another. Whatever does not depend on the watched tensor is a constant.
///
/// ```swift
/// let tape = Tape(tracing: Trace())
/// let answer = model(tape.watch(images))
/// ```
///
/// It sees one run: a number that was read from a tensor, and decides what happens next, is a constant to it. So it notes that
/// numbers were read, and two runs over other values and another batch tell such constants from true ones. One thread at a time
/// may trace.
package final class Trace: @unchecked Sendable {
  /// What an operation worked on.
  package enum Operand: Sendable {
    /// The result of that step.
    case step(Int)
    /// Numbers that no step made.
    case constant(Tensor)
  }

  /// One operation.
  package struct Step: Sendable {
    /// What was done.
    package let operation: TracedOperation
    /// To what.
    package let operands: [Operand]
    /// The shape of the result.
    package let shape: [Int]
    /// The component that did it; nil where it was none.
    package let component: String?
  }

  /// The steps in the order in which they ran.
  package private(set) var steps: [Step] = []

  /// Who read numbers that a step had made, and by what: such as `values`.
  package private(set) var reads: [(component: String?, function: String)] = []

  /// A trace of nothing yet.
  package init() {}

  /// What this tensor is to the trace.
  package func operand(_ tensor: Tensor) -> Operand {
    tensor.tape?.trace === self ? .step(tensor.slot) : .constant(tensor)
  }

  /// - Returns: the number of the new step.
  func note(_ operation: TracedOperation, of inputs: [Tensor], shape: [Int]) -> Int {
    steps.append(
      Step(
        operation: operation, operands: inputs.map(operand), shape: shape, component: Running.current.text))
    return steps.count - 1
  }
}

extension Trace {
  fileprivate func noteRead(_ function: StaticString) {
    let read = (component: Running.current.text, function: Profile.name(of: function))
    if !reads.contains(where: { $0 == read }) { reads.append(read) }
  }
}

extension Tensor {
  /// Lets a trace know that somebody has numbers of it, of which the trace will not know what becomes.
  func noteRead(_ function: StaticString = #function) { tape?.trace?.noteRead(function) }

  /// Whether what is made from this is traced.
  var isTraced: Bool { tape?.trace != nil }

  /// Whether the two are the same numbers in memory, if perhaps of other shapes.
  package func sharesNumbers(with other: Tensor) -> Bool { storage === other.storage }

  /// Tells tensors with other numbers apart, as long as this one lives.
  package var numbersIdentity: ObjectIdentifier { ObjectIdentifier(storage) }
}
