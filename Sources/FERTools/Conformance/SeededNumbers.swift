import TensorKit

/// Numbers that belong to a name.
package enum SeededNumbers {
  /// `count` values in -1 ..< 1 that belong to `name`: a SplitMix64 stream seeded by the FNV-1a hash of the name, of
  /// which the top 24 bits count. Any program can make the same ones, so goldens need not store inputs and parameters.
  package static func uniform(_ name: String, _ count: Int) -> [Float] {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return (0..<count).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      mixed ^= mixed >> 31
      return Float(mixed >> 40) / Float(1 << 23) - 1
    }
  }

  /// The same as a tensor.
  static func tensor(_ name: String, _ shape: [Int]) -> Tensor {
    Tensor(shape, uniform("conformance " + name, shape.elementCount))
  }

  /// Rows `[N, C]` that sum to 1.
  static func distributions(_ name: String) -> Tensor {
    (tensor(name, [ConformanceKit.rowCount, ConformanceKit.classCount]) * 0.5).softmax(along: -1)
  }
}

/// Slopes by trying.
package enum CentralDifferences {
  /// The entries of the inputs whose gradient disagrees with central differences, in sentences.
  ///
  /// The function's output is weighed by fixed numbers and summed, so that errors cannot cancel.
  package static func problems(
    at inputs: [Tensor], step: Float = 1e-2, tolerance: Double = 2e-3,
    of function: ([Tensor]) throws -> Tensor
  ) rethrows -> [String] {
    let tape = Tape()
    let watched = inputs.map { tape.watch($0) }
    let output = try function(watched)
    let weights = SeededNumbers.uniform("weights of a gradient check", output.count)
    tape.backward(from: (output * Tensor(output.shape, weights)).sum())

    var problems: [String] = []
    for (place, input) in inputs.enumerated() {
      let found = tape.gradient(of: watched[place]) ?? Tensor.zeros(input.shape)
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
    return Array(problems.prefix(5))
  }

  /// The slope of `function` at 0 from four points: the error falls with the fourth power of the step.
  static func slope(step: Float, of function: (Float) throws -> Double) rethrows -> Double {
    let near = try function(step) - function(-step)
    let far = try function(2 * step) - function(-2 * step)
    return (8 * near - far) / (12 * Double(step))
  }

  /// Σ value · weight in double precision.
  static func weighedSum(_ tensor: Tensor, _ weights: [Float]) -> Double {
    zip(tensor.values, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
