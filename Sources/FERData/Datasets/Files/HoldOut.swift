import FERCore
import TensorKit

/// Puts a share of the samples aside, the same share of each class, where a dataset's authors made no such split.
enum HoldOut {
  /// Which samples are put aside. It depends on the seed and on the samples' names and classes, not on the order of the
  /// recipe's classes.
  static func chosen(_ samples: [Sample], classes: [String], share: Double, seed: Int) -> [Bool] {
    var aside = [Bool](repeating: false, count: samples.count)
    guard share > 0 else { return aside }
    for (label, name) in classes.enumerated() {
      let members = samples.indices.filter { samples[$0].label == label }
      var random = RandomSource(
        seed: UInt64(bitPattern: Int64(seed)), stream: "hold out \(ExpressionNames.canonical(name))")
      let count = Int((share * Double(members.count)).rounded())
      for index in random.shuffled(members).prefix(count) { aside[index] = true }
    }
    return aside
  }
}
