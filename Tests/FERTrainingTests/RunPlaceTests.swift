import Foundation
import TestSupport
import Testing

@testable import FERTraining

@Suite("What lies where a run is to go")
struct RunPlaceTests {
  private let folder = TestFolder()

  /// Files by their names in a new folder.
  private func place(_ names: [String]) throws -> String {
    let path = folder / UUID().uuidString
    for name in names {
      let url = URL(fileURLWithPath: "\(path)/\(name)")
      try FileManager.default.createDirectory(
        at: name.hasSuffix("/") ? url : url.deletingLastPathComponent(), withIntermediateDirectories: true)
      if !name.hasSuffix("/") { try Data("x".utf8).write(to: url) }
    }
    return path
  }

  @Test(
    "what was ended before its first checkpoint holds nothing of worth, and a run begins there",
    arguments: [
      ["checkpoints/", "lock"], ["checkpoints/"], ["lock"], [".arbex-partial-1-1"],
      ["checkpoints/.arbex-partial-1-1", "lock", "environment.json", "recipe.json5", "data.jsonl"],
      [
        "lock", "checkpoints/", "recipe.json5", "metrics.jsonl", "timings.jsonl",
        "events.out.tfevents.1.arbex",
      ],
    ])
  func begun(names: [String]) throws {
    let path = try place(names)
    #expect(RunPlace(at: path) == .begun)
    try RunFolder.requireNew(path)
    let made = try RunFolder.create(path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["checkpoints", "lock"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/checkpoints").isEmpty)
    withExtendedLifetime(made) {}
  }

  @Test("a checkpoint makes a run, whatever is missing beside it", arguments: ["last", "previous"])
  func run(name: String) throws {
    let path = try place(["checkpoints/\(name).safetensors", "notes.txt"])
    #expect(RunPlace(at: path) == .run)
    let problem = #expect(throws: RunProblem.self) { try RunFolder.create(path) }
    #expect(problem?.description.contains("--resume") == true)
  }

  @Test(
    "what is somebody's own stays, and the sentence does not lead to --resume",
    arguments: [
      (["notes.txt"], "holds other files (notes.txt)"), (["recipe.json5"], "holds recipe.json5"),
      (["lock", "checkpoints/", "a.png", "b.png"], "holds other files (a.png, b.png)"),
      (["lock", "checkpoints/best.safetensors"], "has no checkpoint to go on from"),
    ])
  func taken(names: [String], words: String) throws {
    let path = try place(names)
    guard case .taken(let why) = RunPlace(at: path) else {
      Issue.record("\(RunPlace(at: path))")
      return
    }
    #expect(why.hasPrefix(words), "\(why)")
    let problem = #expect(throws: RunProblem.self) { try RunFolder.create(path) }
    #expect(problem?.isRequest == true && problem?.description.contains("--resume") == false)
    for name in names { #expect(FileManager.default.fileExists(atPath: "\(path)/\(name)")) }
  }

  @Test("nothing, an empty folder, a file")
  func others() throws {
    #expect(RunPlace(at: folder / "absent") == .free)
    #expect(RunPlace(at: folder.path) == .free)
    try Data().write(to: folder.url("file"))
    #expect(RunPlace(at: folder / "file") == .taken("is a file, not a folder"))
  }
}
