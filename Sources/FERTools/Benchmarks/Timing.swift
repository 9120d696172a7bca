import FERTraining
import FERCore
import TensorKit
import Support

/// Repeated measurements.
enum Timing {
  /// The seconds of each of `repetitions` runs, after others that warm up: buffers are made in the first two.
  static func seconds(_ repetitions: Int, warmups: Int = 2, _ body: () throws -> Void) rethrows -> [Double] {
    for _ in 0..<warmups { try body() }
    return try (0..<repetitions).map { _ in
      let start = Clock.seconds
      try body()
      return Clock.seconds - start
    }
  }

  /// Where the time of each of `repetitions` runs went, at least one; the quickest first.
  static func profiles(_ repetitions: Int, _ body: () throws -> Void) rethrows -> [Profile] {
    try (0..<max(1, repetitions)).map { _ in
      let profile = Profile()
      try profile.measure(body)
      return profile
    }.sorted { $0.seconds < $1.seconds }
  }

  /// Runs `body` with so many computing threads; nil leaves them as they are.
  static func withThreads<Result>(_ count: Int?, _ body: () throws -> Result) rethrows -> Result {
    let before = Parallel.threadCount
    if let count { Parallel.threadCount = count }
    defer { Parallel.threadCount = before }
    return try body()
  }
}

extension [Double] {
  /// The middle one, the mean of both middle ones for an even count; 0 where there are none.
  package var median: Double {
    guard !isEmpty else { return 0 }
    let ordered = sorted()
    return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
  }
}

/// What the machine can do at best, as far as this program can tell.
enum MatrixPeak {
  private static let (side, tries) = (512, 100)

  /// The most multiply-adds per second, counted twice and in thousand millions, of a product of 512x512 matrices on
  /// every thread: short, so that one of many tries runs undisturbed. A convolution by Winograd's algorithm may seem
  /// faster: it is counted as the direct one.
  static func gigaflops() -> Double {
    var random = RandomSource(seed: 1, stream: "matrix product peak")
    let matrix = Tensor.random([side, side], &random)
    let pieces = Parallel.threadCount
    let fastest =
      Timing.seconds(tries, warmups: 2) {
        Parallel.forEach(pieces) { _ in _ = matrix.matmul(matrix, transposingOther: true) }
      }.min() ?? 1
    return 2e-9 * Double(pieces * side * side * side) / fastest
  }
}

extension Tensor {
  /// Normal numbers of deviation 1.
  static func random(_ shape: [Int], _ random: inout RandomSource) -> Tensor {
    Tensor(shape) { values in
      for index in values.indices { values[index] = random.normal() }
    }
  }
}
