import NeuralKit
import TensorKit
import Testing

/// One block alone in a file of golden values: `NAME.X` and `NAME.X.grad` for each input, `NAME.output.Y`, and
/// `NAME.grad.P` for each parameter. It ran in training mode; differentiated was Σ output · `uniform("NAME.seed.Y")`.
///
/// Arrays with four axes are images: `[N, C, H, W]` in the file, `[N, H, W, C]` here.
public struct GoldenBlock {
  private let golden: Golden
  private let name: String

  /// The block `name` of a file.
  public init(_ golden: Golden, _ name: String) { (self.golden, self.name) = (golden, name) }

  /// Fails unless outputs and gradients agree.
  /// - Parameter store: the block's parameters, with their values.
  /// - Parameter fileName: from our name of a parameter to the golden's.
  /// - Parameter idle: names in the file of parameters whose gradient is nothing but rounding.
  /// - Parameter run: from the inputs by name to the outputs by name.
  public func check(
    inputs names: [String], _ store: ParameterStore, atMost allowed: Double = 2e-5,
    fileName: (String) -> String = { $0 }, idle: (String) -> Bool = { _ in false },
    _ run: ([String: Tensor], ForwardPass) throws -> [String: Tensor]
  ) throws {
    let tape = Tape()
    let inputs = Dictionary(
      uniqueKeysWithValues: names.map { ($0, tape.watch(ours(golden["\(name).\($0)"]))) })
    let outputs = try run(inputs, .training(on: tape, seed: 1, step: 0))
    #expect(!outputs.isEmpty)
    var total = Tensor.zeros([1])
    for (key, found) in outputs.sorted(by: { $0.key < $1.key }) {
      let expected = golden["\(name).output.\(key)"]
      expectRelativeNorm(found, ours(expected), atMost: allowed, "\(name), output \(key)")
      let seed = uniform("\(name).seed.\(key)", expected.values.count)
      total = total + (found * ours(StoredArray(shape: expected.shape, values: seed))).sum()
    }
    tape.backward(from: total)
    for (key, input) in inputs {
      let gradient = try #require(tape.gradient(of: input))
      expectRelativeNorm(gradient, ours(golden["\(name).\(key).grad"]), atMost: allowed, "\(name), d \(key)")
    }
    for parameter in store.trainable {
      let key = fileName(parameter.name)
      let gradient = StoredArray(
        of: try #require(tape.gradient(for: ObjectIdentifier(parameter)), "\(key)"),
        layout: parameter.fileLayout)
      let expected = golden["\(name).grad.\(key)"]
      #expect(gradient.shape == expected.shape, "\(key)")
      let error = idle(key) ? gradient.norm : relativeNorm(gradient.values, expected.values)
      #expect(error <= (idle(key) ? 1e-4 : allowed), "\(name), d \(key): \(error)")
    }
  }

  private func ours(_ array: StoredArray) -> Tensor {
    array.shape.count == 4 ? array.channelsLast : array.plain
  }
}
