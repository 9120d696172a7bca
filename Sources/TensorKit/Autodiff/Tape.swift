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

  /// The same, told which inputs' gradients, where they are sums over a batch, are wanted shard by shard.
  typealias Summing = (inout Tensor, (_ input: Int) -> Bool) -> [Tensor?]

  private struct Entry {
    var inputs: [Int]
    var backward: Summing?
    var label: Profile.Label?
    /// The batch that the result's rows are of.
    var batch: Shards?
    /// Whose operation it was.
    var owner = Running.current
  }

  private var entries: [Entry] = []
  private var gradients: [Tensor?] = []
  /// How many operations use each result.
  private var uses: [Int] = []
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
    entries.append(Entry(inputs: [], backward: nil, batch: tensor.shards))
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
    accumulate(gradient.detached, at: output.slot)
    uses = entries.reduce(into: Array(repeating: 0, count: entries.count)) { uses, entry in
      for input in entry.inputs where input >= 0 { uses[input] += 1 }
    }
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
    guard let backward = entries[slot].backward else {
      // Of a leaf every use has been seen.
      gradients[slot] = gradients[slot]?.folded
      return
    }
    entries[slot].backward = nil
    let inputs = entries[slot].inputs
    var found = inputGradients(of: slot, inputs, backward)
    for (place, input) in zip(found.indices, inputs) {
      guard input >= 0, let gradient = found[place] else { continue }
      found[place] = nil
      accumulate(gradient, at: input)
    }
  }

  /// Empty where the loss does not depend on the operation. What it kept, and the gradient of its result, are let go
  /// of before the sums are made.
  private func inputGradients(of slot: Int, _ inputs: [Int], _ backward: Summing) -> [Tensor?] {
    guard var incoming = gradients[slot] else { return [] }
    gradients[slot] = nil
    // Parameters alone made it and a batch used it: its gradient goes back shard by shard. Rows of a batch behind it have
    // one gradient, not one for each shard.
    if case .shards(let shards) = incoming.mark {
      guard inputs.contains(where: { $0 >= 0 && entries[$0].batch != nil }) else {
        if kept.contains(slot) { gradients[slot] = incoming.folded }
        return inputGradients(of: slot, inputs, backward, for: incoming, shards)
      }
      incoming = incoming.folded
    }
    // One that stays is shared, so that nobody overwrites it.
    if kept.contains(slot) { gradients[slot] = incoming }
    return inputGradients(of: slot, inputs, backward, for: &incoming)
  }

  /// - Returns: for each input the gradients of all shards.
  private func inputGradients(
    of slot: Int, _ inputs: [Int], _ backward: Summing, for all: Tensor, _ shards: Shards
  ) -> [Tensor?] {
    var sums = [Tensor?](repeating: nil, count: inputs.count)
    for shard in 0..<shards.count {
      var incoming = all.ofShard(shard)
      let found = inputGradients(of: slot, inputs, backward, for: &incoming)
      for (place, part) in zip(sums.indices, found) {
        guard let part else { continue }
        var sum = sums[place] ?? Tensor(uninitialized: [shards.count] + part.shape)
        (sum.pointer + shard * part.count).update(from: part.pointer, count: part.count)
        sum.mark = .shards(shards)
        sums[place] = sum
      }
    }
    return sums
  }

  private func inputGradients(
    of slot: Int, _ inputs: [Int], _ backward: Summing, for incoming: inout Tensor
  ) -> [Tensor?] {
    let found = Profile.backward(of: entries[slot].label) {
      // A leaf that nothing else uses gets its whole gradient at once.
      backward(&incoming) { inputs[$0] >= 0 && (uses[inputs[$0]] > 1 || entries[inputs[$0]].backward != nil) }
    }
    require(
      found.isEmpty || found.count >= inputs.count, "backward", "\(found.count) gradients",
      "\(inputs.count) inputs")
    return found
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
    _ output: Tensor, inputs: [Tensor], label: Profile.Label?, backward: @escaping Summing
  ) -> Tensor {
    let slots = inputs.map { $0.tape === self ? $0.slot : -1 }
    entries.append(Entry(inputs: slots, backward: backward, label: label, batch: output.shards))
    return placed(output, entries.count - 1)
  }

  private func placed(_ tensor: Tensor, _ slot: Int) -> Tensor {
    var result = tensor.detached
    result.tape = self
    result.slot = slot
    return result
  }

  private func accumulate(_ gradient: consuming Tensor, at slot: Int) {
    gradient = gradient.detached
    if let batch = entries[slot].batch {
      gradient = gradient.folded
      gradient.mark = .rows(batch)
    }
    guard var sum = gradients[slot] else {
      gradients[slot] = gradient
      return
    }
    gradients[slot] = nil
    if case .shards(let other) = gradient.mark {
      // Shards of another batch count as a sum that knows of none.
      if case .shards(let own) = sum.mark, own !== other {
        gradient = gradient.folded
      } else {
        swap(&sum, &gradient)
      }
    }
    if case .shards = sum.mark {
      // One that knows of no shards counts as the first one's.
      let isAlike = if case .shards = gradient.mark { true } else { false }
      require(
        gradient.shape == (isAlike ? sum.shape : Array(sum.shape.dropFirst())), "gradient",
        "\(gradient.shape)", "\(sum.shape)")
    } else {
      require(sum.shape == gradient.shape, "gradient", "\(gradient.shape)", "\(sum.shape)")
      // Into the memory of one of the two, if one of them is nobody else's.
      if !sum.isUnshared && gradient.isUnshared { swap(&sum, &gradient) }
    }
    if case .none = sum.mark { sum.mark = gradient.mark }
    sum.update { buffer in
      let target = buffer.baseAddress!, source = gradient.pointer
      Parallel.forEachBlock(of: gradient.count, size: 1 << 16) {
        arbex_add_into(target + $0.lowerBound, source + $0.lowerBound, $0.count)
      }
    }
    gradients[slot] = sum
  }
}
