import FERCore
import NeuralKit
import Support
import TensorKit

/// The rules of optimisers, tried in a quadratic bowl: f(w) = ½ Σ aᵢ wᵢ².
struct OptimizerCheck {
  private let make: () throws -> any Optimizer
  private let rate: Float

  init(_ subject: Subject<any Optimizer>) throws {
    make = { try subject.make() }
    rate = min(try make().learningRate, 0.01)
  }

  func run(_ found: inout Findings) throws {
    try checkDescent(&found)
    try checkStillness(&found)
    try checkState(&found)
    try checkRecomputing(&found)
  }

  private func checkDescent(_ found: inout Findings) throws {
    let (bowl, optimizer) = (Bowl(), try make())
    let start = bowl.height
    bowl.step(optimizer, rate)
    let (near, plain) = (bowl.height, bowl.way(of: "plain"))
    let fast = bowl.way(of: "fast")
    for _ in 0..<20 { bowl.step(optimizer, rate) }
    found.expect(
      near < start && bowl.height < near, .purpose,
      "in a quadratic bowl of height \(start), the first step leads to \(near) and twenty more to \(bowl.height)"
    )
    found.expect(
      fast > 1.5 * plain && fast < 3 * plain, .purpose,
      "learningRateScale 2 makes a first step of \(plain) one of \(fast)")
  }

  private func checkStillness(_ found: inout Findings) throws {
    let (bowl, optimizer) = (Bowl(), try make())
    let start = bowl.values
    bowl.step(optimizer, 0)
    found.expect(bowl.values == start, .purpose, "a learning rate of 0 moves parameters")
    for _ in 0..<3 { bowl.step(optimizer, rate) }
    for name in ["frozen", "idle"] {
      found.expect(
        bowl.values[name] == start[name], .purpose,
        "moves a parameter that \(name == "idle" ? "has no gradient" : "is frozen")")
    }
  }

  private func checkState(_ found: inout Findings) throws {
    let (bowl, optimizer) = (Bowl(), try make())
    for _ in 0..<3 { bowl.step(optimizer, rate) }
    let (other, restored) = (Bowl(), try make())
    other.values = bowl.values
    restored.state = optimizer.state
    for _ in 0..<2 {
      bowl.step(optimizer, rate)
      other.step(restored, rate)
    }
    found.expect(
      other.values == bowl.values, .saving, "goes on otherwise after its state was saved and restored")
    let (again, fresh) = (Bowl(), try make())
    for _ in 0..<5 { again.step(fresh, rate) }
    found.expect(again.values == bowl.values, .determinism, "takes other steps from the same gradients")
  }

  /// Gradients found anew are those to step by.
  private func checkRecomputing(_ found: inout Findings) throws {
    var calls = 0
    func values(sign: Float) throws -> [String: [Float]] {
      let (bowl, optimizer) = (Bowl(), try make())
      bowl.findGradients()
      optimizer.step(bowl.parameters, learningRate: rate) {
        calls += 1
        bowl.findGradients(sign: sign)
      }
      return bowl.values
    }
    let (down, up) = (try values(sign: 1), try values(sign: -1))
    found.expect(
      calls == 0 || down != up, .purpose, "asks for gradients to be found anew, and does not use them")
  }
}

/// Parameters at the slope of a bowl. "plain" and "fast" are alike but for a `learningRateScale` of 2.
private final class Bowl {
  let parameters: [Parameter]
  private let curvature: [Float] = [1, 2, 0.5, 3, 1, 0.25]
  private let start: [Float] = [1, -2, 3, 0.5, -1, 2]

  init() {
    let scope = ParameterScope()
    parameters = ["plain", "fast", "frozen", "idle"].map { scope.parameter($0, [6], .zeros) }
    for parameter in parameters { parameter.value = Tensor([6], start) }
    parameters[1].learningRateScale = 2
    parameters[2].isFrozen = true
  }

  var values: [String: [Float]] {
    get { Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.value.values) }) }
    set { for parameter in parameters { parameter.value = Tensor([6], newValue[parameter.name] ?? start) } }
  }

  /// Of all that may move.
  var height: Float {
    parameters.prefix(2).reduce(0) { sum, parameter in
      sum + zip(curvature, parameter.value.values).reduce(0) { $0 + $1.0 * $1.1 * $1.1 / 2 }
    }
  }

  /// How far a parameter has come.
  func way(of name: String) -> Float {
    zip(values[name] ?? [], start).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  func findGradients(sign: Float = 1) {
    for parameter in parameters.dropLast() {
      parameter.gradient = parameter.value * Tensor([6], curvature) * sign
    }
  }

  func step(_ optimizer: any Optimizer, _ rate: Float) {
    findGradients()
    optimizer.step(parameters, learningRate: rate) { findGradients() }
  }
}
