import Foundation
import Support
import TensorKit

/// `recipe check` on the project's recipes with mistakes in them: in their bytes, in their words, in single values, or
/// by `--set`.
struct RecipeTarget: MutationTarget {
  private struct Seed {
    let folder: String
    let text: String
    let leaves: [JSONPath]
  }

  private let seeds: [Seed]
  private let patience: Double

  init(_ options: Options) throws {
    patience = options.patience
    let root = options.folder + "/Recipes"
    try FileManager.default.copyItem(atPath: options.project + "/Recipes", toPath: root)
    var seeds: [Seed] = []
    for name in try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
    where name.hasSuffix(".json5") {
      let path = root + "/" + name
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let whole = CommandAnswer(["recipe", "show", path, "--json"])
      let leaves = (try? JSON5Parser.parse(whole.printed))?.value.leaves.map(\.path) ?? []
      seeds.append(Seed(folder: PathText.folder(of: path), text: text, leaves: leaves))
    }
    self.seeds = seeds
  }

  func allowance(_ number: Int) -> Double { patience }

  func attempt(_ number: Int, _ random: inout RandomSource) throws -> Verdict {
    let seed = seeds[random.below(seeds.count)]
    var (bytes, flags) = (Array(seed.text.utf8), [String]())
    switch random.below(4) {
    case 0: bytes = Mutator.changed(bytes, &random)
    case 1: bytes = Array(Mutator.changed(words: seed.text, &random).utf8)
    default:
      for _ in 0...random.below(3) {
        guard !seed.leaves.isEmpty else { break }
        let path = seed.leaves[random.below(seed.leaves.count)]
        flags += ["--set", "\(path)=\(Mutator.words[random.below(Mutator.words.count)])"]
      }
    }
    let path = seed.folder + "/mutated.json5"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return CommandAnswer(["recipe", "check", path] + flags).verdict()
  }
}
