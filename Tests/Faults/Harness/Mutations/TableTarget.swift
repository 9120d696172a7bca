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
    for number in 1...7 {
      let values = (0..<192).map { UInt8(truncatingIfNeeded: $0 * number) }
      let bytes = Data(try ImageFile.encodePNG(Image(width: 8, height: 8, eightBit: values)))
      for name in ["faces/\(number).png", "Image/aligned/train_0000\(number)_aligned.jpg"] {
        try bytes.write(to: URL(fileURLWithPath: root + "/" + name))
      }
    }
    let recipe = try String(contentsOfFile: options.project + "/Tests/Faults/tiny.json5", encoding: .utf8)
    let parts = recipe.components(separatedBy: "data: {\n")
    let model = parts.dropFirst().joined().components(separatedBy: "// end of data").dropFirst().joined()
    let names = "classes: [\(Self.classes.map(JSONValue.quoted).joined(separator: ", "))]"
    let head = (parts.first ?? "").replacing(/classes: \[[^\]]*\]/, with: names)
    seeds = try Self.tables().enumerated().map { number, table in
      let seed = Seed(file: root + "/" + table.file, text: table.text, recipe: root + "/\(number).json5")
      let text = head + "data: { train: { \(table.dataset), allowMissing: true } }," + model
      try Data(text.utf8).write(to: URL(fileURLWithPath: seed.recipe))
      try Data(seed.text.utf8).write(to: URL(fileURLWithPath: seed.file))
      return seed
    }
    for seed in seeds {
      let answer = CommandAnswer(["data", "check", seed.recipe])
      guard answer.code == 0 else {
        throw HarnessProblem("\(seed.file) is refused as it is: \(answer.remarked)\(answer.printed)")
      }
    }
  }

  private static let classes = ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger"]

  /// Seven faces, one of each class, in every kind of table.
  private static func tables() -> [(file: String, text: String, dataset: String)] {
    let pixels = (0..<2304).map { "\($0 % 256)" }.joined(separator: " ")
    let shares = (0..<7).map { row in (0..<7).map { $0 == row ? "0.75" : "1e-2" }.joined(separator: ",") }
    let votes = (0..<7).map { row in (0..<8).map { $0 == row ? "8" : "0" }.joined(separator: ",") }
    func rows(_ row: (Int) -> String) -> String { (0..<7).map(row).joined() }
    return [
      (
        "labels.csv",
        "path,label,group,split\r\n" + rows { "faces/\($0 + 1).png,\(classes[$0]),\"p, \($0)\",train\r\n" },
        "use: \"manifest\", file: \"labels.csv\", split: \"train\""
      ),
      (
        "numbers.tsv", "file\tclass\n" + rows { "\"faces/\($0 + 1).png\"\t\($0)\n" },
        "use: \"manifest\", file: \"numbers.tsv\", order: \"fer2013\""
      ),
      (
        "shares.csv",
        "image,\(classes.joined(separator: ","))\n" + rows { "faces/\($0 + 1).png,\(shares[$0])\n" },
        "use: \"manifest\", file: \"shares.csv\""
      ),
      (
        "fer2013.csv", "emotion,pixels,Usage\n" + rows { "\($0),\(pixels),Training\n" },
        "use: \"fer2013\", root: \".\""
      ),
      (
        "fer2013new.csv",
        "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
          + rows { "Training,fer000000\($0).png,\(votes[$0]),2,0\n" },
        "use: \"ferplus\", root: \".\", ignore: [\"contempt\"]"
      ),
      (
        "EmoLabel/list_patition_label.txt", rows { "train_0000\($0 + 1).jpg \($0 + 1)\n" },
        "use: \"raf-db\", root: \".\""
      ),
    ]
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
