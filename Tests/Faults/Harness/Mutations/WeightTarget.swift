import Foundation
import Support
import TensorKit

/// `weights inspect`, which reads every number, on damaged files: safetensors, and PyTorch's of both kinds.
struct WeightTarget: MutationTarget {
  private let seeds: [[UInt8]]
  private let path: String
  private let patience: Double
  /// Larger fixtures only cost time.
  private static let largest = 16_384

  init(_ options: Options) throws {
    patience = options.patience
    path = options.folder + "/mutated"
    let root = options.project + "/Tests/Fixtures"
    let names = try FileManager.default.subpathsOfDirectory(atPath: root).sorted().filter {
      $0.hasSuffix(".safetensors") || $0.hasSuffix(".pth")
    }
    seeds = try names.map { try Array(Data(contentsOf: URL(fileURLWithPath: root + "/" + $0))) }
      .filter { $0.count <= Self.largest }
  }

  func allowance(_ number: Int) -> Double { patience }

  func attempt(_ number: Int, _ random: inout RandomSource) throws -> Verdict {
    let seed = seeds[random.below(seeds.count)]
    var bytes = seed
    switch random.below(3) {
    case 0: bytes = Self.changedHeader(seed, &random) ?? Mutator.changed(seed, &random)
    default: bytes = Mutator.changed(seed, &random)
    }
    if random.below(2) == 0 { ZipChecksums.mend(&bytes) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let json = random.below(4) == 0 ? ["--json"] : []
    return CommandAnswer(["weights", "inspect", path] + json).verdict()
  }

  /// A safetensors file with other words in its header, whose length is told rightly; nil for other files.
  private static func changedHeader(_ bytes: [UInt8], _ random: inout RandomSource) -> [UInt8]? {
    guard bytes.count > 9, bytes[8] == UInt8(ascii: "{") else { return nil }
    let length = bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - 8 else { return nil }
    let header = String(decoding: bytes[8..<(8 + length)], as: UTF8.self)
    let changed = Array(Mutator.changed(words: header, &random).utf8)
    return withUnsafeBytes(of: UInt64(changed.count).littleEndian) { Array($0) } + changed
      + bytes[(8 + length)...]
  }
}

/// Works out the CRC-32 of every member of a damaged zip archive anew, as far as members can be told; `torch.save`
/// stores them as they are.
enum ZipChecksums {
  static func mend(_ bytes: inout [UInt8]) {
    guard bytes.starts(with: [0x50, 0x4B, 3, 4]) else { return }
    for place in 0..<max(0, bytes.count - 46) where bytes[place..<(place + 4)] == [0x50, 0x4B, 1, 2] {
      let (size, local) = (number(bytes, place + 20, 4), number(bytes, place + 42, 4))
      guard local + 30 <= bytes.count else { continue }
      let start = local + 30 + number(bytes, local + 26, 2) + number(bytes, local + 28, 2)
      guard start + size <= bytes.count else { continue }
      var sum = CRC32()
      bytes[start..<(start + size)].withUnsafeBytes { sum.update($0) }
      for index in 0..<4 {
        let byte = UInt8(truncatingIfNeeded: sum.value >> UInt32(8 * index))
        bytes[place + 16 + index] = byte
        bytes[local + 14 + index] = byte
      }
    }
  }

  private static func number(_ bytes: [UInt8], _ place: Int, _ size: Int) -> Int {
    bytes[place..<(place + size)].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
