import TensorKit

/// Which patches are still there after some poolings, and how many each has survived.
struct Survival {
  private let patchCount: Int
  /// The patches behind the tokens, in the tokens' order, for each sample.
  private var alive: [[Int]]
  /// How many poolings each patch survived, for each sample.
  private var survived: [[Int]]
  private var poolings = 0

  /// All patches of so many samples.
  init(samples: Int, patches: Int) {
    patchCount = patches
    alive = [[Int]](repeating: Array(0..<patches), count: samples)
    survived = [[Int]](repeating: [Int](repeating: 0, count: patches), count: samples)
  }

  /// Notes a pooling.
  /// - Parameter places: which of the tokens stay, for each sample; nil where nothing was pooled.
  mutating func keep(_ places: [[Int]]?) {
    guard let places else { return }
    poolings += 1
    for (sample, kept) in places.enumerated() {
      alive[sample] = kept.map { alive[sample][$0] }
      for patch in alive[sample] { survived[sample][patch] += 1 }
    }
  }

  /// The share of all poolings that each patch survived, 0...1; 1 where there were none: `[N, height, width]`.
  func map(height: Int, width: Int) -> Tensor {
    let shares = survived.flatMap { $0 }.map { poolings == 0 ? 1 : Float($0) / Float(poolings) }
    return Tensor([survived.count, height, width], shares)
  }
}
