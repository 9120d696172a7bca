import Foundation

/// Recipes that are no text, never end or say too much: each is read or refused in words, at once.
enum HostileRecipes {
  static let trial = Surroundings.Trial(name: "D9 hostile recipes") { laboratory, folder in
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let recipe = try String(contentsOfFile: laboratory.recipe, encoding: .utf8)
    try Data(recipe.utf8).write(to: URL(fileURLWithPath: folder + "/base.json5"))
    for link in 0..<10_000 {
      let next = link == 9_999 ? "base" : "chain\(link + 1)"
      try Data("{ extends: \"\(next).json5\" }".utf8).write(
        to: URL(fileURLWithPath: folder + "/chain\(link).json5"))
    }
    try Data("{ extends: \"circle.json5\" }".utf8).write(to: URL(fileURLWithPath: folder + "/back.json5"))
    for (name, text, code) in files(recipe) {
      let path = folder + "/\(name).json5"
      try text.write(to: URL(fileURLWithPath: path))
      let end = try laboratory.arbex(["recipe", "check", path], scratch: folder)
      guard end.code == code,
        code == 0 || end.remarks.contains("\(name).json5") || name == "chain" || name == "circle",
        end.seconds < 20
      else { return "\(name): \(end.ending) after \(end.seconds) s; \(end.lastWords)" }
    }
    return nil
  }

  /// Name, content, and the exit code that it deserves.
  private static func files(_ recipe: String) -> [(name: String, content: Data, code: Int32)] {
    func with(_ word: String, _ other: String) -> Data {
      Data(recipe.replacingOccurrences(of: word, with: other).utf8)
    }
    let classes = (0..<20_000).map { "\"c\($0)\"" }.joined(separator: ",")
    return [
      ("circle", Data("{ extends: \"back.json5\" }".utf8), 2),
      ("chain", Data("{ extends: \"chain0.json5\" }".utf8), 2),
      ("mark", Data([0xEF, 0xBB, 0xBF]) + Data(recipe.utf8), 0), ("returns", with("\n", "\r\n"), 0),
      ("nul", with("seed: 1", "seed: 1\u{0}"), 2), ("bytes", Data(recipe.utf8) + [0xFF, 0xFE], 2),
      ("utf16", recipe.data(using: .utf16) ?? Data(), 2), ("empty", Data(), 2),
      ("twice", with("seed: 1,", "seed: 1, seed: 2,"), 2), ("endless", with("seed: 1,", "seed: 1e999,"), 2),
      ("large", with("seed: 1,", "seed: 9007199254740993,"), 0),
      ("none", with("dropout: 0.1", "dropout: NaN"), 2),
      ("zero", with("dropout: 0.1", "dropout: -0.0"), 0),
      ("deep", Data(String(repeating: "{a:", count: 100_000).utf8), 2),
      ("wide", with("classes: [\"neutral\", \"happy\", \"sad\"]", "classes: [\(classes)]"), 0),
    ]
  }
}
