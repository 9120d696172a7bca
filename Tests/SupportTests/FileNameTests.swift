import Foundation
import Support
import TestSupport
import Testing

@Suite("Names as bytes")
struct FileNameTests {
  /// "é" in one piece is C3 A9; "e" and an accent are 65 CC 81. E9 alone is Latin-1, C3 alone is cut off, F4 8F BF A9 is
  /// U+10FFE9, the character that stands for E9; ED A0 80 is half of a pair, C0 AF a slash that is too long.
  private static let names: [[UInt8]] = [
    Array("face.jpg".utf8), Array("caf".utf8) + [0xE9] + Array(".jpg".utf8), [0xC3, 0xA9],
    [0x65, 0xCC, 0x81],
    [0xC3], [0xF4, 0x8F, 0xBF, 0xA9], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xFF, 0xFE, 0x41], [0x80],
    [0xF0, 0x9F, 0x98], Array("\u{1F600}".utf8),
  ]

  @Test("every name has a text of its own, which leads back to its bytes")
  func roundTrip() {
    let texts = Self.names.map { FileName.text($0) }
    #expect(texts.map { FileName.bytes(of: $0) } == Self.names)
    #expect(Set(texts.map { ExactName($0) }).count == Self.names.count)
    #expect(texts[1] == "caf\u{10FFE9}.jpg" && texts[5] == "\u{10FFF4}\u{10FF8F}\u{10FFBF}\u{10FFA9}")
    // What is UTF-8 stays as it is.
    #expect([0, 2, 3, 11].allSatisfy { texts[$0].utf8.elementsEqual(Self.names[$0]) })
  }

  @Test("shown, in tables and in JSON: bytes that are no text are escaped")
  func escaped() {
    let name = FileName.text(Array("caf".utf8) + [0xE9, 0x2C] + Array(".jpg".utf8))
    #expect(name.printable == "caf\\xE9,.jpg" && FileName.escaped(name) == "caf\\xE9,.jpg")
    #expect(CSV.field(name) == "\"caf\\xE9,.jpg\"")
    var object = OrderedObject()
    object.add("image", name)
    #expect(object.text == "{\"image\": \"caf\\\\xE9,.jpg\"}")
    // A recipe keeps the name itself.
    #expect(JSONValue.string(name).oneLine == "\"\(name)\"")
    #expect(FileProblem(name, "is empty").description == "caf\\xE9,.jpg: is empty")
  }

  /// A slash, a quotation mark or a "=" and an accent behind it are one character for Swift.
  @Test("an accent does not hide the sign before it")
  func accents() {
    #expect(PathText.normalized("a/\u{301}b/../c/./\u{301}d") == "a/c/\u{301}d")
    #expect(PathText.folder(of: "a/\u{301}b") == "a" && PathText.name(of: "a/\u{301}b") == "\u{301}b")
    #expect(
      PathText.joined("a", "/\u{301}b") == "/\u{301}b" && PathText.ending(of: "x.\u{301}jpg") == "\u{301}jpg")
    #expect(PathText.path("a/\u{301}b", below: "a") == "\u{301}b" && PathText.path("ab/c", below: "a") == nil)
    #expect(CSV.field("a\"\u{301}b") == "\"a\"\"\u{301}b\"" && CSV.field("=\u{301}A1") == "'=\u{301}A1")
    #expect("<\u{338}a\"\u{301}b".htmlEscaped == "&lt;\u{338}a&quot;\u{301}b")
  }

  @Test("files and folders are listed, written, read, looked at and removed under any name")
  func files() throws {
    let folder = TestFolder()
    let sub = folder / FileName.text([0xE9, 0x2F] + Array("runs".utf8))
    try FileSystem.makeFolder(sub)
    for name in Self.names where !name.contains(0x2F) {
      try AtomicFile.write(name.map { "\($0)" }.joined(), to: sub + "/" + FileName.text(name))
    }
    let listed = try FolderNames.all(in: sub)
    #expect(listed.map { FileName.bytes(of: $0) } == Self.names.sorted { $0.lexicographicallyPrecedes($1) })
    for name in listed {
      let bytes = FileName.bytes(of: name)
      #expect(try FileSystem.contents(sub + "/" + name) == Data(bytes.map { "\($0)" }.joined().utf8))
    }
    #expect(FileSystem.isFolder(sub) && !FileSystem.exists(sub + "/caf\u{E9}"))
    try AtomicFile.keep(sub + "/" + listed[0], as: sub + "/" + FileName.text([0x41, 0xFF]))
    #expect(FileSystem.exists(sub + "/" + FileName.text([0x41, 0xFF])))
    let (odd, link) = (sub + "/" + listed[0], sub + "/link")
    #expect(FileStamp(odd) != nil && FileStamp(sub + "/caf\u{E9}") == nil)
    #expect(symlink(odd.systemName, link.systemName) == 0 && FileSystem.destination(of: link) == odd)
    #expect(FileSystem.destination(of: odd) == nil)
    FileSystem.remove(folder.path)
    #expect(!FileSystem.exists(folder.path))
  }

  @Test("folders are made with all above them; a file in the way is told")
  func folders() throws {
    let folder = TestFolder()
    try FileSystem.makeFolder(folder / "a/b/c")
    try FileSystem.makeFolder(folder / "a/b/c/")
    #expect(FileSystem.isFolder(folder / "a/b/c"))
    try AtomicFile.write("x", to: folder / "file")
    let problem = FileProblem(
      folder / "file/d", "cannot be made a folder: part of its path is a file, not a folder")
    #expect(throws: problem) { try FileSystem.makeFolder(folder / "file/d") }
    #expect(throws: FileProblem.self) { try FileSystem.makeFolder(folder / "file") }
  }
}
