import CKernels
import TensorKit
import Support

extension WeightFile {
  /// A sentence for each sign that something is wrong with the numbers of some arrays, all of them where not said
  /// otherwise: numbers that are not finite, and batch norms whose running mean is 0 and whose running variance is 1
  /// everywhere, as before any training.
  /// - Throws: ``FileProblem`` where the arrays cannot be read.
  package func numberWarnings(of names: [String]? = nil) throws -> [String] {
    let names = names ?? self.names
    let present = Set(names)
    var (nonFinite, untrained, norms) = ([String](), [String](), 0)
    for name in names {
      let count = try nonFiniteCount(of: name)
      if count > 0 { nonFinite.append("\(name) (\(count))") }
      guard name.hasSuffix("running_mean") else { continue }
      let variance = String(name.dropLast("mean".count)) + "var"
      guard present.contains(variance), shape(of: name)?.elementCount ?? 0 < 1 << 20 else { continue }
      norms += 1
      let isUntouched =
        try tensor(name).values.allSatisfy { $0 == 0 } && tensor(variance).values.allSatisfy { $0 == 1 }
      if isUntouched { untrained.append(String(name.dropLast(".running_mean".count))) }
    }
    var result: [String] = []
    if !nonFinite.isEmpty {
      result.append(
        "\(nonFinite.count) arrays hold numbers that are not finite: \(nonFinite.listed(atMost: 4))")
    }
    if !untrained.isEmpty {
      result.append(
        "\(untrained.count) of \(norms) batch norms have mean 0 and variance 1 everywhere, as before any "
          + "training; the weights around them may be random: \(untrained.listed(atMost: 4))")
    }
    return result
  }

  private func nonFiniteCount(of name: String) throws -> Int {
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
