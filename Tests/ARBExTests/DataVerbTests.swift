import ARBEx
import Foundation
import TestSupport
import Testing

/// A plug-in's dataset that gives one of its images a class that is none.
private struct Mislabelled: Dataset, LoadedDataset {
  typealias Options = NoOptions
  let samples = [0, 1, 7].map { Sample(id: "plugin/\($0)", label: $0) }

  init(_ options: NoOptions) {}
  func load(_ request: DataRequest) -> any LoadedDataset { self }
  func image(at index: Int) -> Image { Gallery.picture(index) }
}

private enum MislabelledPlugin: Plugin {
  static func register(in registry: inout Registry) throws {
    try registry.datasets.register("mislabelled", Mislabelled.self)
  }
}

@Suite("data check", .serialized)
struct DataVerbTests {
  private func check(_ arguments: String...) -> Answer { Answer(["data", "check"] + arguments) }

  private func findings(_ json: [String: Any]) -> [String: [String]] {
    let all = json["findings"] as? [[String: Any]] ?? []
    return Dictionary(
      all.map { ($0["kind"] as? String ?? "", $0["items"] as? [String] ?? []) }, uniquingKeysWith: +)
  }

  @Test("class folders: counts by class and split, and lines that a recipe accepts")
  func classFolders() throws {
    let gallery = try Gallery()
    try gallery.fill("train", ["Happy": 3, "sad": 2, "fear": 1], seed: 0)
    try gallery.fill("val", ["fear": 1, "Happy": 1, "sad": 2], seed: 100)
    let answer = check(gallery.path)
    #expect(answer.code == 0 && answer.remarks.isEmpty, "\(answer.remarks)")
    // 3 of 6 are a half, 2 of 6 a third.
    for line in ["Happy      3  50.0 %           1  25.0 %", "sad        2  33.3 %           2  50.0 %"] {
      #expect(answer.output.contains(line), "\(answer.output)")
    }
    #expect(answer.output.contains("40x40 pixels, in colour") && answer.output.hasSuffix("usable\n"))

    let object = check(gallery.path, "--json")
    #expect(object.code == 0)
    let json = try object.json()
    #expect(json["usable"] as? Bool == true && json["layout"] as? String == "class-folders")
    #expect(json["recipe"] is NSNull && json["sheet"] is NSNull)
    let sets = try #require(json["sets"] as? [[String: Any]])
    #expect(sets.map { $0["split"] as? String } == ["train", "validation"])
    #expect(sets.map { $0["images"] as? Int } == [6, 4])
    let counts = try #require(sets[0]["classes"] as? [[String: Any]])
    let pairs = Dictionary(
      counts.map { ($0["class"] as? String ?? "", $0["images"] as? Int ?? 0) }, uniquingKeysWith: +)
    #expect(pairs == ["Happy": 3, "sad": 2, "fear": 1])
    #expect(findings(json).isEmpty)
    let sizes = try #require(sets[1]["sizes"] as? [[String: Int]])
    #expect(sizes == [["width": 40, "height": 40, "images": 4]])

    // The lines pasted over those of a recipe: it is valid, and checks to the same counts.
    let lines = try #require(json["recipeLines"] as? String)
    #expect(answer.output.contains(lines.split(separator: "\n")[0]))
    let quickstart = ShippedRecipe.path("quickstart")
    let whole = try String(contentsOfFile: quickstart, encoding: .utf8)
    let kept = whole.split(separator: "\n", omittingEmptySubsequences: false)
    let first = try #require(kept.firstIndex { $0.hasPrefix("  classes:") })
    let end = try #require(kept.firstIndex { $0.hasPrefix("  sampler:") })
    let pasted = kept[..<first].joined(separator: "\n") + "\n" + lines + kept[end...].joined(separator: "\n")
    try gallery.write("mine.json5", Array(pasted.utf8))
    #expect(Answer(["recipe", "check", gallery.path + "/mine.json5"]).code == 0)
    let recipe = check(gallery.path + "/mine.json5", "--json")
    #expect(recipe.code == 0, "\(recipe.remarks)")
    let found = try recipe.json()
    #expect((found["sets"] as? [[String: Any]])?.map { $0["images"] as? Int } == [6, 4])
    #expect(found["recipe"] as? String == "quickstart" && found["recipeLines"] as? String == "")
  }

  @Test("a picture in two splits, with another label, and a person in two splits are named")
  func leakage() throws {
    let gallery = try Gallery()
    try gallery.fill("train", ["happy": 3, "sad": 3], seed: 0)
    try gallery.fill("test", ["happy": 2, "sad": 2], seed: 50)
    try gallery.picture("train/happy/copy.png", seed: 900)
    try gallery.picture("test/sad/other.png", seed: 900)
    try gallery.picture("train/sad/small.png", seed: 901)
    try gallery.picture("test/sad/large.png", seed: 901, side: 90)
    let json = try check(gallery.path, "--json").json()
    let found = findings(json)
    #expect(json["usable"] as? Bool == true)
    #expect(found["duplicates-across-splits"] == ["train: happy/copy.png = test: sad/other.png"])
    #expect(found["conflicting-labels"] == ["train: happy/copy.png (happy) = test: sad/other.png (sad)"])
    #expect(found["near-duplicates-across-splits"] == ["train: sad/small.png ~ test: sad/large.png"])
    #expect(found["near-duplicates"] == nil && found["conflicting-labels-near"] == nil)
    let near = try #require((json["duplicates"] as? [String: Any])?["near"] as? [[String: Any]])
    #expect(near.count == 1 && near[0]["mirrored"] as? Bool == false)
    #expect(check(gallery.path).code == 0 && check(gallery.path, "--strict").code == 1)
    #expect(
      check(gallery.path).output.contains("leakage: exact duplicates in more than one split: 1 picture;"))

    let rows =
      ["path,label,group,split"]
      + (0..<6).map { number in
        "img/\(number).png,\(["happy", "sad"][number % 2]),p\(number % 3),\(number < 4 ? "train" : "validation")"
      }
    let people = try Gallery()
    for number in 0..<6 { try people.picture("img/\(number).png", seed: number) }
    try people.write("labels.csv", Array((rows.joined(separator: "\n") + "\n").utf8))
    let listed = try check(people.path, "--json").json()
    // People 1 and 2 have images 4 and 5 in validation, 1 and 2 in training.
    #expect(
      findings(listed)["groups-across-splits"] == [
        "p1: 1 in train, 1 in validation", "p2: 1 in train, 1 in validation",
      ])
    #expect(check(people.path).output.contains("groups      3           2"))
  }

  @Test("what cannot be read is named and decides the exit code by its share")
  func unreadable() throws {
    let gallery = try Gallery()
    try gallery.fill("faces", ["happy": 6, "sad": 6], seed: 0)
    let whole = try ImageFile.encodePNG(Gallery.picture(77))
    try gallery.write("faces/happy/cut.png", Array(whole.prefix(whole.count / 2)))
    try gallery.write("faces/sad/empty.png", [])
    let answer = check(gallery.path + "/faces")
    #expect(answer.code == 1)
    #expect(answer.output.contains("train: 2 of 14 images cannot be read (14.29 %)"))
    #expect(
      answer.output.contains("faces/happy/cut.png: is cut off")
        && answer.output.contains("faces/sad/empty.png: is empty"))
    let sets = try #require(try check(gallery.path + "/faces", "--json").json()["sets"] as? [[String: Any]])
    #expect((sets[0]["unreadable"] as? [[String: String]])?.count == 2 && sets[0]["images"] as? Int == 14)
    // One of 121 is less than a hundredth: the lines skip it.
    try gallery.fill("many", ["happy": 60, "sad": 60], seed: 0)
    try gallery.write("many/sad/text.jpg", Array("no image".utf8))
    let many = check(gallery.path + "/many")
    #expect(many.code == 0 && many.output.contains("onBadImage: \"skip\""), "\(many.output)")
    #expect(many.output.contains("many/sad/text.jpg: is not an image"))
  }

  @Test("missing, unequal and misspelt classes, synonyms, blank and tiny images are warnings")
  func warnings() throws {
    let gallery = try Gallery()
    try gallery.fill("train", ["happy": 20, "joy": 1, "sad": 2, "feer": 2, "fear": 2], seed: 0)
    try gallery.fill("validation", ["happy": 2, "sad": 2, "feer": 1], seed: 100)
    try gallery.picture("train/sad/tiny.png", seed: 500, side: 9)
    try gallery.write(
      "train/sad/black.png", try ImageFile.encodePNG(Image(width: 40, height: 40, colour: [0, 0, 0])))
    let answer = check(gallery.path, "--json")
    #expect(answer.code == 0)
    let json = try answer.json()
    let messages = (json["findings"] as? [[String: Any]] ?? []).compactMap { $0["message"] as? String }
    for part in [
      "train: the folders happy, joy are taken together as the class happy",
      "train: happy has 10.5 times the images of", "the classes fear and feer are spelt alike",
      "validation: no images of fear",
    ] { #expect(messages.contains { $0.contains(part) }, "\(part): \(messages)") }
    #expect(findings(json)["tiny-images"] == ["train: sad/tiny.png (9x9)"])
    #expect(findings(json)["blank-images"] == ["train: sad/black.png"])
    #expect((json["recipeLines"] as? String)?.contains("allowMissing: true") == true)
  }

  @Test("nothing recognised is exit code 1 with a reason, nothing there is 2")
  func unknown() throws {
    let gallery = try Gallery()
    try gallery.fill("inner", ["happy": 1, "sad": 1], seed: 0)
    try gallery.write("notes.txt", Array("no dataset".utf8))
    let nested = check(gallery.path)
    #expect(nested.code == 1 && nested.output.isEmpty && nested.remarks.contains("inner (class-folders)"))
    let json = try check(gallery.path, "--json").json()
    #expect(json["usable"] as? Bool == false && findings(json)["unknown-layout"] == [])
    #expect(check(gallery.path + "/absent").code == 2)
    #expect(check(gallery.path + "/absent.json5").code == 2)
    #expect(check(gallery.path + "/inner", "--set", "seed=2").code == 2)
    let raf = try Gallery()
    for number in 1...2 { try raf.picture("Image/aligned/train_0000\(number)_aligned.jpg", seed: number) }
    try raf.write("EmoLabel/list_patition_label.txt", Array("train_00001.jpg 5\ntrain_00002.jpg 9\n".utf8))
    let range = check(raf.path)
    #expect(
      range.code == 1 && range.remarks.contains("line 2") && range.remarks.contains("\"9\""),
      "\(range.remarks)")
    let help = Answer(["data", "check", "--help"])
    #expect(help.code == 0 && help.output.contains("exit codes: 0"))
  }

  @Test("a recipe whose images do not fit it stops with 1")
  func recipeProblems() throws {
    let gallery = try Gallery()
    try gallery.fill("train", ["happy": 2, "sad": 2], seed: 0)
    try gallery.write("train/sad/bad.png", [1, 2, 3])
    let quickstart = ShippedRecipe.path("quickstart")
    let data = { (more: String) in
      ["--set", "data={ train: { use: \"class-folders\", root: \"\(gallery.path)/train\"\(more) } }"]
    }
    let run = { (classes: String, more: String) in
      Answer(
        ["data", "check", quickstart, "--set", "classes=\(classes)", "--set", "data.validation=null"]
          + data(more))
    }
    let strict = run("[\"happy\", \"sad\"]", "")
    #expect(
      strict.code == 1 && strict.output.contains("set data.train.onBadImage to \"skip\""), "\(strict.output)")
    #expect(run("[\"happy\", \"sad\"]", ", onBadImage: \"skip\", skipUpTo: 0.3").code == 0)
    let missing = run("[\"happy\", \"sad\", \"fear\"]", ", onBadImage: \"skip\", skipUpTo: 0.3")
    #expect(missing.code == 1 && missing.output.contains("no folder for the class fear"), "\(missing.output)")
    #expect(run("[\"happy\"]", "").code == 2)
    let mislabelled = Answer(
      [
        "data", "check", quickstart, "--json", "--set", "classes=[\"happy\", \"sad\"]", "--set",
        "data={ train: { use: \"mislabelled\" } }", "--set", "data.validation=null",
      ], plugins: [MislabelledPlugin.self])
    #expect(mislabelled.code == 1)
    #expect(findings(try mislabelled.json())["labels-out-of-range"] == ["plugin/7: 7"])
  }

  @Test("the contact sheet: the same for the same seed, never over another file unasked")
  func sheet() throws {
    let gallery = try Gallery()
    try gallery.fill("faces", ["happy": 5, "sad": 5], seed: 0)
    let (faces, file) = (gallery.path + "/faces", gallery.path + "/sheet.png")
    let answer = check(faces, "--sheet", file, "--json")
    #expect(answer.code == 0)
    #expect(try answer.json()["sheet"] as? String == file)
    let first = try ImageFile.decode(path: file)
    // Points, two pixels each: margins 24, names 120, eight cells of 104 with gaps of 10 between them.
    #expect(first.width == 2 * (24 + 120 + 8 * 104 + 7 * 10 + 24))
    let again = check(faces, "--sheet", file)
    #expect(again.code == 2 && again.remarks.contains("--overwrite"))
    #expect(check(faces, "--overwrite", "--sheet", file).code == 0)
    #expect(try ImageFile.decode(path: file) == first)
    #expect(check(faces, "--sheet", gallery.path).code == 0)
    #expect(FileManager.default.fileExists(atPath: gallery.path + "/faces-sheet.png"))
    #expect(check(faces, "--sheet", gallery.path + "/sheet.jpg").code == 2)
    #expect(check(faces, "--sheet", gallery.path + "/absent/sheet.png").code == 2)

    let quickstart = ShippedRecipe.path("quickstart")
    let recipe = { (seed: Int, file: String) in
      Answer([
        "data", "check", quickstart, "--set", "seed=\(seed)", "--set", "classes=[\"happy\", \"sad\"]",
        "--set",
        "data={ train: { use: \"class-folders\", root: \"\(faces)\" } }", "--set", "data.validation=null",
        "--sheet",
        "\(gallery.path)/\(file)",
      ])
    }
    for (seed, file) in [(1, "a.png"), (1, "b.png"), (2, "c.png")] { #expect(recipe(seed, file).code == 0) }
    let sheets = try ["a", "b", "c"].map { try ImageFile.decode(path: "\(gallery.path)/\($0).png") }
    #expect(sheets[0] == sheets[1] && sheets[0] != sheets[2])
  }
}
