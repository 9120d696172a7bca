import CKernels
import TensorKit
import Support

/// What the numbers of a weight file look like: signs that something is wrong with them.
public struct WeightSurvey: Sendable, Equatable {
  /// Arrays with numbers that are not finite, and how many.
  public private(set) var nonFinite: [(name: String, count: Int)] = []
  /// Batch norms in the file.
  public private(set) var norms = 0
  /// Those whose running mean is 0 and whose running variance is 1 everywhere, as before any training.
  public private(set) var untrainedNorms: [String] = []

  /// Whether both tell the same.
  public static func == (one: WeightSurvey, other: WeightSurvey) -> Bool {
    one.norms == other.norms && one.untrainedNorms == other.untrainedNorms
      && one.nonFinite.elementsEqual(other.nonFinite) { $0 == $1 }
  }

  /// Reads every array that `names` has, a piece at a time.
  init(_ file: WeightFile, _ names: [String]) throws {
    let present = Set(names)
    for name in names {
      let count = try file.nonFiniteCount(of: name)
      if count > 0 { nonFinite.append((name, count)) }
      guard name.hasSuffix("running_mean") else { continue }
      let variance = String(name.dropLast("mean".count)) + "var"
      guard present.contains(variance), file.shape(of: name)?.elementCount ?? 0 < 1 << 20 else { continue }
      norms += 1
      let isUntouched =
        try file.tensor(name).values.allSatisfy { $0 == 0 }
        && file.tensor(variance).values.allSatisfy { $0 == 1 }
      if isUntouched { untrainedNorms.append(String(name.dropLast(".running_mean".count))) }
    }
  }

  /// A sentence for each sign.
  public var warnings: [String] {
    var result: [String] = []
    if !nonFinite.isEmpty {
      let arrays = nonFinite.map { "\($0.name) (\($0.count))" }
      result.append("\(nonFinite.count) arrays hold numbers that are not finite: \(arrays.listed(atMost: 4))")
    }
    if !untrainedNorms.isEmpty {
      result.append(
        "\(untrainedNorms.count) of \(norms) batch norms have mean 0 and variance 1 everywhere, as before any "
          + "training; the weights around them may be random: \(untrainedNorms.listed(atMost: 4))")
    }
    return result
  }
}

extension WeightFile {
  /// Looks at the numbers of some arrays, all of them where not said otherwise.
  /// - Throws: ``FileProblem`` where they cannot be read.
  public func survey(of names: [String]? = nil) throws -> WeightSurvey {
    try WeightSurvey(self, names ?? self.names)
  }

  fileprivate func nonFiniteCount(of name: String) throws -> Int {
    let place = try place(of: name)
    guard [.float64, .float32, .float16, .brainFloat16].contains(place.type) else { return 0 }
    let size = place.strides == nil ? min(place.count, 1 << 18) : place.count
    let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: size)
    defer { block.deallocate() }
    var result = 0
    for first in stride(from: 0, to: place.count, by: max(1, size)) {
      let part = UnsafeMutableBufferPointer(rebasing: block[..<min(size, place.count - first)])
      try floats(of: place, from: first, into: part)
      if let start = part.baseAddress { result += Int(arbex_count_nonfinite(start, part.count)) }
    }
    return result
  }
}
