import ARBEx
import Foundation
import Support
import TestSupport

/// A folder of small pictures, of which the brightest colour is the class, and a recipe of the smallest model for them.
final class ColouredFaces {
  let folder = TestFolder()
  static let classes = ["red", "green", "blue"]
  var recipe: String { folder / "tiny.json5" }

  /// - Parameter counts: how many pictures of each class a split has.
  /// - Parameter wrong: how many of the pictures of each class and split show the next one; their names say so.
  init(_ counts: KeyValuePairs<String, Int>, wrong: Int = 0) throws {
    var seed: UInt64 = 0
    for (split, count) in counts {
      for (label, name) in Self.classes.enumerated() {
        try FileManager.default.createDirectory(
          atPath: folder / "faces/\(split)/\(name)", withIntermediateDirectories: true)
        for number in 0..<count {
          let isWrong = number < wrong
          seed += 1
          try write(
            isWrong ? (label + 1) % 3 : label, seed,
            "\(split)/\(name)/\(isWrong ? "wrong" : "face")-\(number).png")
        }
      }
    }
    let sets = counts.map { "\($0.key): { use: \"class-folders\", root: \"faces\", split: \"\($0.key)\" }" }
    let text = """
      {
        name: "tiny", seed: 3, classes: ["red", "green", "blue"], data: { \(sets.joined(separator: ", ")) },
        input: { size: 8, normalize: "half" }, sampler: { use: "shuffled" },
        model: {
          backbone: { use: "tiny" }, encoder: { use: "tiny" }, head: { use: "tiny" }, corrections: { tiny: {} },
        },
        losses: { tiny: {} },
        training: {
          epochs: 12, batch: 8, checkpointSteps: 2, optimizer: { use: "adam", learningRate: 0.02 },
          schedule: { use: "constant" },
        },
      }
      """
    try AtomicFile.write(text, to: recipe)
  }

  private func write(_ shown: Int, _ seed: UInt64, _ name: String) throws {
    var random = RandomSource(seed: seed, stream: "coloured face")
    let pixels = (0..<192).map { place in
      min(1, max(0, 0.35 + 0.12 * random.normal() + (place % 3 == shown ? 0.15 : 0)))
    }
    try Data(try ImageFile.encodePNG(Image(width: 8, height: 8, pixels: pixels))).write(
      to: folder.url("faces/\(name)"))
  }

  /// Runs `arbex`.
  func arbex(_ arguments: String..., plugins: [any Plugin.Type] = []) -> Answer {
    Answer(arguments, plugins: [TinyPlugin.self] + plugins)
  }

  func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: folder / name) }

  /// A table's rows by the names of its columns. No field of these tables has quotation marks.
  func table(_ name: String) -> [[String: String]] {
    let lines = String(decoding: bytes(name) ?? Data(), as: UTF8.self).split(separator: "\r\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { Dictionary(zip(lines[0], $0)) { first, _ in first } }
  }
}
