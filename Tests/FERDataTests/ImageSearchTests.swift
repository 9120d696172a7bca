import FERCore
@testable import FERData
import Foundation
import Testing
import Support

@Suite("Finding images")
struct ImageSearchTests {
  private func found(_ pattern: String, in folder: ScratchFolder) throws -> [String] {
    let root = PathText.normalized(folder.path)
    return try ImageSearch.files(named: "\(root)/\(pattern)").files.map {
      String($0.dropFirst(root.count + 1))
    }
  }

  @Test("files, folders and patterns, by the bytes of their names; in folders whatever is an image")
  func patterns() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    for name in [
      "b.jpg", "a.JPG", "x/c.jpg", "x/y/d.png", "x/y/e.jpg", "x/notes.txt", ".hidden/f.jpg", ".g.jpg",
      "[1].jpg", "z.webp",
    ] {
      try folder.write(plainPNG(), to: name)
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/x/again", withDestinationPath: folder.path + "/x")
    #expect(try found("*.jpg", in: folder) == ["[1].jpg", "b.jpg"])
    #expect(try found("**/*.jpg", in: folder) == ["[1].jpg", "b.jpg", "x/c.jpg", "x/y/e.jpg"])
    #expect(try found("**/**/y/?.[pj][np]g", in: folder).contains("x/y/d.png"))
    #expect(try found("x/**", in: folder) == ["x/c.jpg", "x/notes.txt", "x/y/d.png", "x/y/e.jpg"])
    #expect(try found("x/[xyz]", in: folder) == ["x/y/d.png", "x/y/e.jpg"])
    #expect(try found("[1].jpg", in: folder) == ["[1].jpg"])
    #expect(try found("none.jpg", in: folder) == ["none.jpg"])
    try FileManager.default.removeItem(atPath: folder.path + "/x/again")
    #expect(
      try found(".", in: folder).map { $0.replacing("./", with: "") } == [
        "[1].jpg", "a.JPG", "b.jpg", "x/c.jpg", "x/notes.txt", "x/y/d.png", "x/y/e.jpg",
        "z.webp",
      ])
    let none = DataProblem("\(PathText.normalized(folder.path))/*.gif", "matches no file")
    #expect(throws: none) { try found("*.gif", in: folder) }
  }
}
