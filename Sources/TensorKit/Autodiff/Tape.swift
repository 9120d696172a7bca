import CKernels
import Support

/// Remembers operations in the order they ran, and walks back over them to find gradients.
///
/// A flat list, not a linked graph: freeing a long history cannot overflow the stack. Each entry lets go of
/// what it kept from the forward pass as soon as the backward pass has used it.
public final class Tape: @unchecked Sendable {
  /// Takes the gradient of an operation's result and returns one per input, nil where the input is not tracked. Nobody
  /// else needs the gradient that it takes, which it may overwrite.
  public typealias Backward = (inout Tensor) -> [Tensor?]

  private struct Entry {
    var inputs: [Int]
    var backward: Backward?
    var label: Profile.Label?
    /// Whose operation it was.
    var owner = Running.current
  }

  private var entries: [Entry] = []
  private var gradients: [Tensor?] = []
  private var watched: [ObjectIdentifier: Int] = [:]
  /// Places in the middle whose gradients stay.
  private var kept: Set<Int> = []

  /// Where it notes what ran, in place of what finds gradients; nil for a tape that finds them.
  package let trace: Trace?

  /// An empty tape.
  public init() { trace = nil }

  /// A tape that notes which operations run, and finds no gradients.
  package init(tracing trace: Trace) { self.trace = trace }

  /// The tensor as a leaf of this tape: its gradient can be asked for after ``backward(from:)``. Watching
  /// under a known key gives the same leaf.
  public func watch(_ tensor: Tensor, key: ObjectIdentifier) -> Tensor {
    if let slot = watched[key] { return placed(tensor, slot) }
    let leaf = watch(tensor)
    watched[key] = leaf.slot
    return leaf
  }

  /// The tensor as a leaf of this tape.
  public func watch(_ tensor: Tensor) -> Tensor {
    if trace != nil { return traced(tensor.detached, as: .input, of: []) }
    entries.append(Entry(inputs: [], backward: nil))
    return placed(tensor, entries.count - 1)
  }

  /// Lets the gradient of a result in the middle of the history stay after ``backward(from:)``, as that of a leaf does.
  package func keepGradient(of result: Tensor) {
    guard result.tape === self else { return }
    kept.insert(result.slot)
  }

  /// Finds the gradients of `loss` (a single number) for every leaf it depends on. The tape's history is used
  /// up; the leaves' gradients stay.
  public func backward(from loss: Tensor) {
    require(loss.count == 1, "backward", "a loss of shape \(loss.shape)", "a single number")
    backward(from: loss, gradient: .ones(loss.shape))
  }

  /// The same from a tensor of any shape, given the gradient that flows into it.
  public func backward(from output: Tensor, gradient: Tensor) {
    gradients = Array(repeating: nil, count: entries.count)
    guard output.tape === self else { return }
    gradients[output.slot] = gradient.detached
    Profile.component("between", .backward) {
      for slot in stride(from: output.slot, through: 0, by: -1) { step(back: slot) }
    }
    for slot in entries.indices { entries[slot].backward = nil }
  }

  private func step(back slot: Int) {
    let owner = entries[slot].owner
    owner { walk(back: slot) }
  }

  private func walk(back slot: Int) {
    var found = inputGradients(of: slot)
    require(
      found.isEmpty || found.count >= entries[slot].inputs.count, "backward", "\(found.count) gradients",
      "\(entries[slot].inputs.count) inputs")
    for (place, input) in zip(found.indices, entries[slot].inputs) {
      guard input >= 0, let gradient = found[place] else { continue }
      found[place] = nil
      accumulate(gradient, at: input)
    }
  }

  /// Empty where the loss does not depend on the operation. What it kept, and the gradient of its result, are let go
  /// of before the sums are made.
  private func inputGradients(of slot: Int) -> [Tensor?] {
    guard let backward = entries[slot].backward else { return [] }
    entries[slot].backward = nil
    guard var incoming = gradients[slot] else { return [] }
    // One that stays is shared, so that nobody overwrites it.
    if !kept.contains(slot) { gradients[slot] = nil }
    return Profile.backward(of: entries[slot].label) { backward(&incoming) }
  }

  /// The gradient of the leaf watched under `key`; nil where the loss does not depend on it.
  public func gradient(for key: ObjectIdentifier) -> Tensor? {
    watched[key].flatMap { gradients.indices.contains($0) ? gradients[$0] : nil }
  }

  /// The same, handed over: the tape forgets it.
  package func takeGradient(for key: ObjectIdentifier) -> Tensor? {
    guard let slot = watched[key], gradients.indices.contains(slot) else { return nil }
    defer { gradients[slot] = nil }
    return gradients[slot]
  }

  /// The gradient of a watched tensor, or of one whose gradient is kept; nil where the loss does not depend on it.
  public func gradient(of leaf: Tensor) -> Tensor? {
    gradients.indices.contains(leaf.slot) ? gradients[leaf.slot] : nil
  }

  /// The result of an operation, noted.
  func traced(_ output: Tensor, as kind: TracedOperation, of operands: [Tensor]) -> Tensor {
    guard let trace else { return output }
    return placed(output, trace.note(kind, of: operands, shape: output.shape))
  }

  func record(
    _ output: Tensor, inputs: [Tensor], label: Profile.Label?, backward: @escaping Backward
  ) -> Tensor {
    let slots = inputs.map { $0.tape === self ? $0.slot : -1 }
    entries.append(Entry(inputs: slots, backward: backward, label: label))
    return placed(output, entries.count - 1)
  }

  private func placed(_ tensor: Tensor, _ slot: Int) -> Tensor {
    var result = tensor.detached
    result.tape = self
    result.slot = slot
    return result
  }

  private func accumulate(_ gradient: consuming Tensor, at slot: Int) {
    guard var sum = gradients[slot] else {
      gradients[slot] = gradient.detached
      return
    }
    gradients[slot] = nil
    require(sum.shape == gradient.shape, "gradient", "\(gradient.shape)", "\(sum.shape)")
    // Into the memory of one of the two, if one of them is nobody else's.
    if !sum.isUnshared && gradient.isUnshared { swap(&sum, &gradient) }
    sum.update { buffer in
      let target = buffer.baseAddress!, source = gradient.pointer
      Parallel.forEachBlock(of: buffer.count, size: 1 << 16) {
        arbex_add_into(target + $0.lowerBound, source + $0.lowerBound, $0.count)
      }
    }
    gradients[slot] = sum
  }
}
