import FERCore
import NeuralKit
import Support

extension ConformanceKit {
  /// A schedule's factors are finite, not negative and follow from the position alone, also where training has one epoch;
  /// a warm-up rises.
  static func check(_ subject: Subject<any Schedule>, _ found: inout Findings) throws {
    let (part, fresh) = (try subject.make(), try subject.make())
    for epochs in [1.0, 3, 100] {
      let positions = (0...32).map { epochs * Double($0) / 32 }
      let factors = positions.map { part.factor(at: $0, of: epochs) }
      for (position, factor) in zip(positions, factors) {
        found.expect(
          factor.isFinite && factor >= 0, .range, "the factor at \(position) of \(epochs) epochs is \(factor)"
        )
      }
      found.expect(
        positions.reversed().map { part.factor(at: $0, of: epochs) }.reversed() == factors
          && positions.map { fresh.factor(at: $0, of: epochs) } == factors, .determinism,
        "asked twice for the same positions of \(epochs) epochs, it gives different factors")
    }
    var warming = part
    if part.warmup == 0, subject.hasOption("warmup") {
      warming = try subject.make(["warmup": .int(2)])
      found.expect(warming.warmup == 2, .purpose, "its warm-up of 2 epochs lasts \(warming.warmup)")
    }
    guard warming.warmup > 0 else { return }
    let rates = (0...8).map {
      let position = warming.warmup * Double($0) / 8
      return warming.learningRate(
        base: 1, at: TrainingProgress(position: position, epochs: Int(warming.warmup) + 4))
    }
    found.expect(
      zip(rates, rates.dropFirst()).allSatisfy { $0 < $1 }, .purpose, "its warm-up does not rise: \(rates)")
  }
}
