import ARBEx
import Foundation
import Testing

/// A folder with pictures in it.
final class Gallery {
  let path = NSTemporaryDirectory() + "arbex-check-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Soft random blobs, another picture for each seed.
  static func picture(_ seed: Int, side: Int = 40) -> Image {
    var random = RandomSource(seed: UInt64(seed), stream: "picture")
    let small = Image(width: 6, height: 6, pixels: (0..<108).map { _ in 0.1 + 0.8 * random.uniform() })
    return small.resized(width: side, height: side, antialias: false)
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    let file = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  func picture(_ name: String, seed: Int, side: Int = 40) throws {
    try write(name, try ImageFile.encodePNG(Self.picture(seed, side: side)))
  }

  /// So many pictures, all different, for each class of a split: `split/class/0.png`.
  func fill(_ split: String, _ counts: KeyValuePairs<String, Int>, seed: Int) throws {
    var seed = seed
    for (name, count) in counts {
      for number in 0..<count {
        try picture("\(split)/\(name)/\(number).png", seed: seed)
        seed += 1
      }
    }
  }
}
