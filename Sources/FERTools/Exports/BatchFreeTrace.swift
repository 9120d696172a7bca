import FERTraining
import Support
import TensorKit

/// What a model does to any number of images, found by comparing two traces over different images, of different numbers.
///
/// What the traces share is the model. An axis that grew with the images follows the batch; a constant that grew so and says
/// the same of every image is one for all of them; and a constant, a choice or an order of steps that differs in another way
/// was made of the images behind the trace's back, and is told by the component that did it.
struct BatchFreeTrace {
  /// What a step works on.
  enum Operand {
    /// The result of that step.
    case step(Int)
    /// Numbers that follow from nothing but the model.
    case constant(Tensor)
    /// The same for every image: of these rows, as many as there are for one image.
    case eachImage(Tensor)
  }

  /// One operation.
  struct Step {
    let operation: TracedOperation
    let operands: [Operand]
    let shape: [BatchLength]
    /// "" where it is none's.
    let component: String
  }

  /// One traced run.
  struct Run {
    let trace: Trace
    /// How many images it saw.
    let images: Int
    /// What came out, by name.
    let outputs: [(name: String, tensor: Tensor)]

    /// The step that made it; nil where none did.
    fileprivate func step(of tensor: Tensor) -> Int? {
      if case .step(let index) = trace.operand(tensor) { return index }
      return nil
    }
  }

  /// What the outputs follow from, in the order in which it ran.
  private(set) var steps: [Step] = []
  /// The step that makes each output.
  private(set) var outputs: [(name: String, step: Int)] = []

  private let first, second: Run
  private var problems: [String] = []

  /// - Throws: ``RunProblem`` with everything that cannot be told for any number of images.
  init(_ first: Run, _ second: Run) throws {
    (self.first, self.second) = (first, second)
    compare()
    guard problems.isEmpty else { throw Self.problem(problems) }
  }

  /// What cannot be exported, all at once.
  static func problem(_ sentences: [String]) -> RunProblem {
    let shown = sentences.prefix(10).map { "  " + $0 }
    let rest = sentences.count > 10 ? ["  and \(sentences.count - 10) more"] : []
    return .request(
      "the model cannot be written as ONNX:\n" + (shown + rest).joined(separator: "\n")
        + "\n  nothing was written; use other components, or run the model by arbex")
  }

  private mutating func compare() {
    let (one, other, needed) = (first.trace.steps, second.trace.steps, neededSteps())
    for read in first.trace.reads {
      problems.append(
        "\(read.component ?? "the model"): reads numbers that were made of the image (\(read.function)); what becomes of them "
          + "is not recorded")
    }
    for index in needed.sorted() {
      guard case .unknown(let name) = one[index].operation else { continue }
      problems.append(
        Self.title(one[index]) + ": the operation \"\(name)\" is made of none that has a counterpart in ONNX")
    }
    if let place = needed.sorted().first(where: { $0 >= other.count || !Self.isSame(one[$0], other[$0]) }) {
      problems.append(
        "\(Self.title(one[place])): does other things from image to image (step \(place), \(one[place].operation)), and an "
          + "ONNX graph does the same for all")
      return
    }
    var places: [Int: Int] = [:]
    for index in one.indices where needed.contains(index) {
      let operands = zip(one[index].operands, other[index].operands).map { pair in
        merged(pair.0, pair.1, of: one[index], places)
      }
      places[index] = steps.count
      steps.append(
        Step(
          operation: one[index].operation, operands: operands,
          shape: merged(one[index].shape, other[index].shape, of: one[index]),
          component: one[index].component ?? ""))
    }
    for (output, again) in zip(first.outputs, second.outputs) {
      guard let index = first.step(of: output.tensor), second.step(of: again.tensor) == index,
        let place = places[index]
      else {
        problems.append("its output \"\(output.name)\" does not depend on the image, or hides how it does")
        continue
      }
      outputs.append((output.name, place))
    }
  }

  private func neededSteps() -> Set<Int> {
    var (needed, open) = (Set<Int>(), first.outputs.compactMap { first.step(of: $0.tensor) })
    while let index = open.popLast() {
      guard needed.insert(index).inserted else { continue }
      for case .step(let operand) in first.trace.steps[index].operands { open.append(operand) }
    }
    // The image is the graph's input, whether it matters or not.
    if !first.trace.steps.isEmpty { needed.insert(0) }
    return needed
  }

  private static func isSame(_ one: Trace.Step, _ other: Trace.Step) -> Bool {
    one.operation == other.operation && one.operands.count == other.operands.count
      && zip(one.operands, other.operands).allSatisfy { pair in
        switch pair {
        case (.step(let a), .step(let b)): a == b
        case (.constant, .constant): true
        default: false
        }
      }
  }

  private mutating func merged(_ one: [Int], _ other: [Int], of step: Trace.Step) -> [BatchLength] {
    let lengths =
      one.count == other.count
      ? zip(one, other).compactMap { BatchLength($0, images: (first.images, second.images)) } : []
    if lengths.count != one.count {
      problems.append(
        Self.title(step) + ": a result of shape \(one) with \(first.images) images and \(other) with "
          + "\(second.images); that follows no batch")
    }
    return lengths
  }

  private mutating func merged(
    _ one: Trace.Operand, _ other: Trace.Operand, of step: Trace.Step, _ places: [Int: Int]
  ) -> Operand {
    switch (one, other) {
    case (.step(let index), _): return .step(places[index] ?? 0)
    case (.constant(let a), .constant(let b)):
      if a.shape == b.shape, a.sharesNumbers(with: b) || Self.haveSameBits(a, b) { return .constant(a) }
      if let rows = rowsOfEachImage(a, b) { return .eachImage(rows) }
      problems.append(
        Self.title(step)
          + ": \(step.operation) works on numbers of shape \(a.shape) that were made of the image "
          + "where no operation was recorded")
      return .constant(a)
    case (.constant(let a), .step): return .constant(a)
    }
  }

  /// The rows that stand in both arrays once for each image; nil where the arrays are none of that kind.
  private func rowsOfEachImage(_ one: Tensor, _ other: Tensor) -> Tensor? {
    guard let length = one.shape.first, let second = other.shape.first,
      one.shape.dropFirst() == other.shape.dropFirst(),
      case .perImage(let rows) = BatchLength((length, second), images: (first.images, self.second.images))
    else { return nil }
    let block = one.sliced(along: 0, from: 0, count: rows)
    let isRepeated = [one, other].allSatisfy { tensor in
      (0..<tensor.shape[0] / rows).allSatisfy {
        Self.haveSameBits(tensor.sliced(along: 0, from: $0 * rows, count: rows), block)
      }
    }
    return isRepeated ? block : nil
  }

  private static func haveSameBits(_ one: Tensor, _ other: Tensor) -> Bool {
    one.withValues { a in other.withValues { b in zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern } } }
  }

  private static func title(_ step: Trace.Step) -> String { step.component ?? "the model" }
}
