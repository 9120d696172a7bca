import Foundation
import Support
import TestSupport
import Testing

@testable import ARBEx

@Suite("new recipe, new plugin")
struct NewVerbTests {
  private let folder = TestFolder()

  private func text(_ name: String) throws -> String { try FileSystem.text(of: folder / name) ?? "" }

  @Test("a recipe of drawn faces, as it is written, is accepted and trains")
  func recipe() throws {
    let file = folder / "first.json5"
    let written = arbex("new", "recipe", "first", "--out", file, "--size", "32")
    #expect(written.code == 0 && written.output.contains("first.json5 --smoke"), "\(written.remarks)")
    let checked = arbex("recipe", "check", file)
    #expect(checked.code == 0, "\(checked.remarks)")
    let trained = Answer([
      "train", file, "--smoke", "--set", "data.train.count=64", "--set", "data.validation.count=16",
    ])
    #expect(trained.code == 0, "\(trained.remarks)")
    try Data("mine".utf8).write(to: folder.url("first.json5"))
    let again = arbex("new", "recipe", "first", "--out", file)
    #expect(again.code == 2 && again.remarks.contains("--overwrite"), "\(again.remarks)")
    #expect(try text("first.json5") == "mine")
    #expect(arbex("new", "recipe", "first", "--out", file, "--overwrite").code == 0)
    #expect(try text("first.json5").contains("size: 64"))
  }

  @Test("a recipe for images of one's own names their classes, and is accepted")
  func ownImages() throws {
    let gallery = try Gallery()
    try gallery.fill("train", ["Happy": 3, "sad": 2, "fear": 1], seed: 0)
    try gallery.fill("val", ["fear": 1, "Happy": 1, "sad": 2], seed: 100)
    let file = folder / "own.json5"
    let written = arbex("new", "recipe", "own", "--out", file, "--data", gallery.path)
    #expect(written.code == 0, "\(written.remarks)")
    let checked = arbex("recipe", "check", file)
    #expect(checked.code == 0, "\(checked.remarks)")
    let shown = arbex("recipe", "show", file)
    for value in [#"["Happy", "fear", "sad"]"#, "class-folders", PathText.absolute(gallery.path)] {
      #expect(shown.output.contains(value), "\(shown.output)")
    }
    let absent = arbex("new", "recipe", "none", "--out", folder / "none.json5", "--data", folder / "absent")
    #expect(absent.code == 2 && absent.remarks.contains("absent"))
    #expect(!FileSystem.exists(folder / "none.json5"))
  }

  @Test("a name that is none of a recipe or a package is refused", arguments: ["", "a/b", "..", "a b"])
  func names(name: String) {
    for kind in ["recipe", "plugin"] {
      let answer = arbex("new", kind, name)
      #expect(
        answer.code == 2
          && answer.remarks.contains("cannot be a \(kind == "plugin" ? "package" : kind)'s name"))
    }
    for word in ["Mine", "1st", "a--b", "a-", "-a", "a_b", "arbex"] { #expect(!PluginStart.isName(word)) }
    for word in ["mine", "a1", "my-own-term"] { #expect(PluginStart.isName(word)) }
  }

  /// That it builds, is tested and trains, `Tests/ExternalPlugin/check` tries.
  @Test("a package: a component of each kind, its tests, a recipe that names them")
  func package() throws {
    let place = folder / "mine"
    let kinds = PluginStart.Kind.allCases.flatMap { ["--kind", $0.rawValue] }
    let root = FileManager.default.currentDirectoryPath
    let answer = Answer(["new", "plugin", "my-parts", "--out", place, "--arbex", root] + kinds)
    #expect(answer.code == 0, "\(answer.remarks)")
    for kind in ["Backbone", "Head", "Correction", "Loss", "Augmentation"] {
      #expect(
        try text("mine/Sources/MyPartsParts/MyParts\(kind).swift").contains("final class MyParts\(kind): "))
      #expect(try text("mine/Sources/MyPartsParts/MyPartsPlugin.swift").contains("MyParts\(kind).self"))
    }
    #expect(try text("mine/Package.swift").contains("path: \(JSONValue.quoted(root))"))
    #expect(try text("mine/Recipes/my-parts.json5").components(separatedBy: "\"my-parts\"").count == 7)
    let again = arbex("new", "plugin", "my-parts", "--out", place)
    #expect(again.code == 2 && again.remarks.contains("is there already"), "\(again.remarks)")
  }

  @Test("a kind that is none, a name that is taken, a folder that is not arbex's: refused by name")
  func refused() {
    for (words, told) in [
      (["x", "--kind", "los"], "did you mean \"loss\"?"), (["anchor"], "corrections/anchor is there already"),
      (["cross-entropy", "--kind", "loss"], "losses/cross-entropy is there already"),
      (["mine", "--arbex", folder.path], "is not arbex's source folder"),
    ] {
      let answer = Answer(["new", "plugin", "--out", folder / "x"] + words)
      #expect(answer.code == 2 && answer.remarks.contains(told), "\(answer.remarks)")
    }
    #expect(!FileSystem.exists(folder / "x"))
  }
}
