import FERCore
import FERTraining
import Support

/// Several measurements of one thing: the least, the middle one and the greatest.
package struct Spread: Sendable, Equatable {
  /// All in one unit.
  package let minimum, median, maximum: Double

  /// Made from its parts.
  package init(minimum: Double, median: Double, maximum: Double) {
    (self.minimum, self.median, self.maximum) = (minimum, median, maximum)
  }

  /// Of these measurements, each of them times `factor`; zeros where there are none.
  init(_ values: [Double], times factor: Double = 1) {
    self.init(
      minimum: factor * (values.min() ?? 0), median: factor * values.median,
      maximum: factor * (values.max() ?? 0))
  }
}

// Members that a benchmark's JSON has beside its figures, by which two of them can be compared.
extension OrderedObject {
  /// Adds the median under `key`, the others under `key` with `_min` and `_max`.
  mutating func add(_ key: String, _ spread: Spread) {
    add(key, spread.median)
    add(key + "_min", spread.minimum)
    add(key + "_max", spread.maximum)
  }

  /// What a benchmark's object begins with: who measured, where, and of which recipe's work; nil where it is of none.
  static func benchmark(of recipe: (name: String, digest: String)? = nil) -> OrderedObject {
    var result = OrderedObject()
    result.add("version", Program.version)
    result.addMachine()
    if let recipe {
      result.add("recipe", recipe.name)
      result.add("recipe_sha256", recipe.digest)
    }
    return result
  }

  /// Adds what a time depends on beside the work: the CPU, the kind of loops that run on it.
  mutating func addMachine() {
    let environment = Environment.current
    add("cpu", environment.processor)
    add("kernels", environment.kernels.rawValue)
  }
}

extension Recipe {
  /// The SHA-256 of all that it says about images, model, losses and training, by which benchmarks know whether they
  /// did the same work. What nobody said is left out, so that a version with more options agrees with one that lacks
  /// them; so are files of weights, which may lie anywhere.
  var workDigest: String {
    let said = values.filter { value in
      guard case .key(let section) = value.path.steps.first, value.origin != .standard else { return false }
      let isWeightFile = [.key("weights"), .key("initialWeights")].contains(value.path.steps.last)
      return ["input", "losses", "training"].contains(section) || section == "model" && !isWeightFile
    }
    return Digest.sha256(said.map { "\($0.path): \($0.value.oneLine)\n" }.joined())
  }
}
