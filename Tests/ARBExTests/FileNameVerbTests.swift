@testable import ARBEx
import FERData
import Foundation
import Support
import TestSupport
import Testing

@Suite("Verbs take names as bytes", .serialized)
final class FileNameVerbTests {
  private let folder = TestFolder()
  private var run: String { folder / "run" }
  /// "é" in one piece, "e" with an accent, and Latin-1.
  private static let names: [[UInt8]] = [[0x65, 0xCC, 0x81], [0xC3, 0xA9], [0xE9]].map {
    $0 + Array(".png".utf8)
  }

  /// A run that nobody has trained, and three faces whose names differ in their bytes alone.
  init() throws {
    let recipe = try Recipe.load(path: ShippedRecipe.path("quickstart"), registry: try .builtins())
    try StartBenchmark.writeUntrainedRun(recipe, to: run)
    try FileSystem.makeFolder(folder / "faces")
    for (number, name) in Self.names.enumerated() {
      try ImageFile.writePNG(Bars.picture(number), path: folder / "faces/" + FileName.text(name))
    }
  }

  private func images(_ answer: Answer) throws -> [String] {
    try answer.printed.map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return PathText.name(of: try #require(object?["image"] as? String))
    }
  }

  @Test("a folder, a pattern and each name by itself give every face its own answer")
  func predict() throws {
    let expected = ["e\u{301}.png", "\u{E9}.png", "\\xE9.png"].map { Array($0.utf8) }
    for words in [
      [folder / "faces"], [folder / "faces/*.png"], Self.names.map { folder / "faces/" + FileName.text($0) },
    ] {
      let answer = Answer(["predict", run, "--lines"] + words)
      #expect(answer.code == 0 && answer.remarked.isEmpty, "\(answer.remarks)")
      #expect(try images(answer).map { Array($0.utf8) } == expected)
    }
    let table = arbex("predict", run, folder / "faces", "--csv")
    #expect(table.printed.count == 4 && table.output.contains("/\\xE9.png,"))
    #expect(arbex("predict", run, folder / "faces").output.contains("/\\xE9.png: "))
    // A link that leads back does not keep the others from being looked at.
    try FileManager.default.createSymbolicLink(atPath: folder / "faces/loop", withDestinationPath: "..")
    let looped = arbex("predict", run, folder / "faces", "--lines")
    #expect(looped.code == 0 && looped.printed.count == 3)
    #expect(looped.remarks.contains("faces/loop: is a link that leads back"))
  }

  @Test("explanations of names that look the same go into files of their own")
  func explain() throws {
    let out = folder / FileName.text([0xE8])
    let answer = arbex("explain", run, folder / "faces", "--no-training-faces", "--out", out)
    #expect(answer.code == 0, "\(answer.remarks)")
    #expect(try FolderNames.all(in: out).count == 6)
    #expect(answer.output.contains("/\\xE8/\\xE9.png and .json"))
  }

  @Test(
    "class folders below a folder that is not UTF-8: checked, named, and found again by the lines for a recipe"
  )
  func check() throws {
    let root = folder / FileName.text([0xE9])
    for (number, name) in ["happy", "sad"].enumerated() {
      try FileSystem.makeFolder("\(root)/\(name)")
      for (place, file) in Self.names.enumerated() {
        try ImageFile.writePNG(
          Gallery.picture(number * 3 + place), path: "\(root)/\(name)/" + FileName.text(file))
      }
    }
    let answer = arbex("data", "check", root)
    #expect(
      answer.code == 0 && answer.output.hasPrefix("\(folder.path)/\\xE9: class-folders, 2 classes, 6 images"))
    // The lines hold the name itself, so that they can be used.
    #expect(answer.output.contains("root: \(JSONValue.quoted(root))"))
  }

  @Test("what was left out, misplaced, or spoils a folder is told by data check")
  func told() throws {
    let gallery = try Gallery()
    try gallery.fill("train", ["happy": 2, "sad": 2], seed: 0)
    try gallery.fill("train/happy", ["sad": 1], seed: 10)
    try gallery.write("train/sad/list.txt", Array("x".utf8))
    let answer = arbex("data", "check", gallery.path)
    #expect(answer.code == 0 && answer.output.contains("usable, 2 warnings"), "\(answer.output)")
    #expect(answer.output.contains("train: happy/sad holds 1 images that count as happy"))
    #expect(answer.output.contains("train: left out, as they are no images that are read: 1 .txt"))

    try gallery.write("train/docs/notes.txt", Array("x".utf8))
    try gallery.write("train/__MACOSX/._x", Array("x".utf8))
    let spoilt = arbex("data", "check", gallery.path)
    #expect(spoilt.code == 1)
    #expect(spoilt.remarks.contains("\(gallery.path)/train/docs: holds no images, but 1 .txt"))
    #expect(!spoilt.remarks.contains("__MACOSX") && !spoilt.remarks.contains("there is a dataset below"))
  }

  @Test("training and validation images that are the same files are found, whatever leads to them")
  func shared() throws {
    let gallery = try Gallery()
    try gallery.fill("all", ["happy": 2, "sad": 1], seed: 0)
    let data = gallery.path + "/all"
    try AtomicFile.write(
      """
      { extends: "\(ShippedRecipe.path("quickstart"))", classes: ["happy", "sad"],
        data: { train: { use: "class-folders", root: "\(data)" },
                validation: { use: "class-folders", root: "\(data)/happy/..", limit: 1 } } }
      """, to: gallery.path + "/recipe.json5")
    let recipe = try Recipe.load(path: gallery.path + "/recipe.json5", registry: try .builtins())
    let (train, validation) = (
      try RecipeImages(.train, of: recipe, isTraining: true),
      try RecipeImages(.validation, of: recipe, isTraining: false)
    )
    #expect(validation.files(sharedWith: train) == ["\(data)/happy/0.png", "\(data)/sad/0.png"])
    // Drawn faces are no files, and those of two splits bear the same names.
    let drawn = try Recipe.load(path: ShippedRecipe.path("quickstart"), registry: try .builtins())
    let images = try RecipeImages(.train, of: drawn, isTraining: true)
    #expect(images.files(sharedWith: images).isEmpty)
  }
}
