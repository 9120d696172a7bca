import FERCore
import FERData
import Foundation
import Support
import TensorKit

/// `data check` on datasets whose table has mistakes: of images, of labels, of shares, of votes, of pixels.
struct TableTarget: MutationTarget {
  /// A table, and the recipe's words for the dataset it belongs to.
  private struct Seed {
    let file: String
    let text: String
    let recipe: String
  }

  private let seeds: [Seed]
  private let patience: Double

  init(_ options: Options) throws {
    patience = options.patience
    let root = options.folder + "/data"
    for folder in ["faces", "EmoLabel", "Image/aligned"] {
      try FileManager.default.createDirectory(atPath: root + "/" + folder, withIntermediateDirectories: true)
    }
    let names =
      (1...4).map { "faces/\($0).png" } + (1...4).map { "Image/aligned/train_0000\($0)_aligned.jpg" }
    for (index, name) in names.enumerated() {
      let grey = UInt8(20 * index)
      let bytes = try ImageFile.encodePNG(
        Image(width: 8, height: 8, eightBit: (0..<192).map { UInt8($0) ^ grey }))
      try Data(bytes).write(to: URL(fileURLWithPath: root + "/" + name))
    }
    let pixels = (0..<2304).map { "\($0 % 256)" }.joined(separator: " ")
    let tables: [(file: String, text: String, dataset: String)] = [
      (
        "labels.csv",
        "path,label,group,split\r\n"
          + (1...4).map { "faces/\($0).png,\($0 % 2 == 0 ? "happy" : "sad"),p\($0),train\r\n" }.joined(),
        "use: \"manifest\", file: \"labels.csv\", split: \"train\""
      ),
      (
        "numbers.tsv", "file\tclass\n" + (1...4).map { "\"faces/\($0).png\"\t\($0 % 7)\n" }.joined(),
        "use: \"manifest\", file: \"numbers.tsv\", order: \"fer2013\""
      ),
      (
        "shares.csv",
        "image,neutral,happy,sad\n" + (1...4).map { "faces/\($0).png,0.\($0),0.3,\(6 - $0)\n" }.joined(),
        "use: \"manifest\", file: \"shares.csv\""
      ),
      (
        "fer2013.csv", "emotion,pixels,Usage\n" + (0..<3).map { "\($0),\(pixels),Training\n" }.joined(),
        "use: \"fer2013\", root: \".\""
      ),
      (
        "fer2013new.csv",
        "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
          + (0..<3).map { "Training,fer000000\($0).png,8,1,0,0,0,\($0),0,0,1,0\n" }.joined(),
        "use: \"ferplus\", root: \".\""
      ),
      (
        "EmoLabel/list_patition_label.txt", (1...4).map { "train_0000\($0).jpg \($0)\n" }.joined(),
        "use: \"raf-db\", root: \".\""
      ),
    ]
    seeds = try tables.map { table in
      let text = try String(contentsOfFile: options.project + "/Tests/Faults/tiny.json5", encoding: .utf8)
      let parts = text.components(separatedBy: "data: {")
      let rest = parts.dropFirst().joined().components(separatedBy: "// end of data").dropFirst().joined()
      let classes =
        "classes: [\"neutral\", \"happy\", \"sad\", \"surprise\", \"fear\", \"disgust\", \"anger\"]"
      let data = "data: { train: { \(table.dataset), allowMissing: true } }," + rest
      let recipe = root + "/" + PathText.name(of: table.file) + ".json5"
      try Data((parts[0] + data).replacing(/classes: \[[^\]]*\]/, with: classes).utf8)
        .write(to: URL(fileURLWithPath: recipe))
      try Data(table.text.utf8).write(to: URL(fileURLWithPath: root + "/" + table.file))
      return Seed(file: root + "/" + table.file, text: table.text, recipe: recipe)
    }
    for seed in seeds {
      let answer = CommandAnswer(["data", "check", seed.recipe])
      guard answer.code == 0 else {
        throw HarnessProblem("\(seed.file) is refused as it is: \(answer.remarked)\(answer.printed)")
      }
    }
  }

  func allowance(_ number: Int) -> Double { patience }

  func attempt(_ number: Int, _ random: inout RandomSource) throws -> Verdict {
    let seed = seeds[random.below(seeds.count)]
    let bytes =
      random.below(2) == 0
      ? Mutator.changed(Array(seed.text.utf8), &random)
      : Array(Mutator.changed(words: seed.text, &random).utf8)
    try Data(bytes).write(to: URL(fileURLWithPath: seed.file))
    defer { try? Data(seed.text.utf8).write(to: URL(fileURLWithPath: seed.file)) }
    return CommandAnswer(["data", "check", seed.recipe]).verdict(report: true)
  }
}
