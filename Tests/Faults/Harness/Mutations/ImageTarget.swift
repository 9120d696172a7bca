import FERCore
import FERData
import Foundation
import Support
import TensorKit

/// The decoders, on the images of the tests' fixtures and on faces drawn by the program, damaged.
struct ImageTarget: MutationTarget {
  private let seeds: [[UInt8]]
  private let path: String
  private let patience: Double

  init(_ options: Options) throws {
    patience = options.patience
    path = options.folder + "/mutated"
    let folder = options.project + "/Tests/Fixtures/Images"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter { name in
      ![".py", ".json", ".md", ".expected.png"].contains { name.hasSuffix($0) }
    }
    seeds =
      try names.map { try Array(Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0))) } + Self.drawn()
  }

  /// Pictures of one colour, of few and of many, as the program itself writes them.
  private static func drawn() throws -> [[UInt8]] {
    try [1, 7, 24].map { side in
      var random = RandomSource(seed: 3, stream: "drawn", sample: UInt64(side))
      let bytes = (0..<(3 * side * side)).map { _ in UInt8(random.below(256)) }
      return try ImageFile.encodePNG(Image(width: side, height: side, eightBit: bytes))
    }
  }

  func allowance(_ number: Int) -> Double { patience }

  func attempt(_ number: Int, _ random: inout RandomSource) throws -> Verdict {
    let seed = seeds[random.below(seeds.count)]
    var bytes = Mutator.changed(seed, &random)
    if random.below(10) == 0 {
      let other = seeds[random.below(seeds.count)]
      bytes = Array(seed.prefix(random.below(seed.count))) + other.suffix(random.below(other.count))
    }
    // A checksum that fits lets damage through to what comes after it.
    if random.below(2) == 0 { PNGChecksums.mend(&bytes) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    do {
      let image = try ImageFile.decode(path: path)
      let expected = image.width * image.height * 3
      guard image.width > 0, image.height > 0, image.bytes.count == expected else {
        return .fault("\(image.width)x\(image.height) with \(image.bytes.count) bytes")
      }
      return .survived
    } catch {
      return "\(error)".contains(" ") ? .refused : .fault("refused without a sentence")
    }
  }
}

/// Works out the CRC-32 of every chunk of a damaged PNG anew, as far as chunks can be told.
enum PNGChecksums {
  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  static func mend(_ bytes: inout [UInt8]) {
    guard bytes.starts(with: signature) else { return }
    var place = 8
    while place + 12 <= bytes.count {
      let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard place + 12 + length <= bytes.count else { return }
      var sum = CRC32()
      bytes[(place + 4)..<(place + 8 + length)].withUnsafeBytes { sum.update($0) }
      for index in 0..<4 {
        bytes[place + 8 + length + index] = UInt8(truncatingIfNeeded: sum.value >> UInt32(24 - 8 * index))
      }
      place += 12 + length
    }
  }
}
