import FERCore
@testable import FERData
import Foundation
import NeuralKit
import Support
import Testing

@Suite("Nothing is passed over in silence")
struct PassedOverTests {
  private func load(
    _ folder: ScratchFolder, classes: [String] = ["happy", "sad"], ignore: [String] = [],
    _ change: (inout ClassFolders.Options) -> Void = { _ in }
  ) throws -> any LoadedDataset {
    var options = ClassFolders.Options()
    options.root = FilePath(folder.path)
    change(&options)
    return try ClassFolders(options).load(DataRequest(classes: classes, ignore: ignore))
  }

  private func message(_ work: () throws -> some Any) -> String {
    do {
      _ = try work()
      return "no problem"
    } catch {
      return "\(error)"
    }
  }

  /// An image of each class.
  private func goodFolder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    for name in ["happy/a.png", "sad/a.png"] { try folder.write(plainPNG(), to: name) }
    return folder
  }

  @Test("what is an image by its content is read, whatever it is called; the rest is counted by its ending")
  func contents() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    try folder.write(fixture("colour.jpg"), to: "happy/b.jfif")
    try folder.write(plainPNG(), to: "happy/c")
    try folder.write(plainPNG(), to: "sad/d.dat")
    for name in ["happy/notes.txt", "sad/more.TXT", "sad/README"] {
      try folder.write(Array("no image".utf8), to: name)
    }
    try folder.write([0, 0, 0, 24] + Array("ftypheic".utf8), to: "sad/e.heic")
    #expect(mkfifo(folder.path + "/sad/pipe", 0o600) == 0)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/sad/gone", withDestinationPath: "/nowhere")
    let found = try load(folder)
    #expect(found.samples.map(\.id) == ["happy/a.png", "happy/b.jfif", "happy/c", "sad/a.png", "sad/d.dat"])
    #expect(
      found.warnings == [
        "left out, as they are no images that are read: 2 .txt, 1 .heic (HEIC), 1 links that lead nowhere, "
          + "1 pipes, sockets or devices, 1 without an ending"
      ])
    // Who chooses endings gets those alone, and is told of the rest.
    let chosen = try load(folder) { $0.extensions = ["png"] }
    #expect(chosen.samples.count == 2 && chosen.warnings[0].contains("1 .jfif"))
  }

  @Test("hidden files, and what systems leave behind, are no matter; a class folder may be linked to")
  func systemNames() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    for name in [
      "__MACOSX/._x", "happy/@eaDir/a.png", ".ipynb_checkpoints/a.png", "sad/Thumbs.db", "happy/.DS_Store",
    ] {
      try folder.write(plainPNG(), to: name)
    }
    let found = try load(folder)
    #expect(found.samples.count == 2 && found.warnings.isEmpty && found.notes.isEmpty)
    #expect(ClassFolders.recognise(folder.path)?.classes == ["happy", "sad"])
  }

  @Test("a folder in a class folder that bears the name of something else is warned of")
  func misplaced() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    for name in ["happy/sad/1.png", "happy/x/SADNESS/2.png", "happy/validation/3.png", "sad/contempt/4.png"] {
      try folder.write(plainPNG(), to: name)
    }
    try folder.write(plainPNG(), to: "sad/anna/5.png")
    let found = try load(folder)
    #expect(found.samples.count == 7)
    let text = { (place: String, own: String, meaning: String, top: String) in
      "\(place) holds 1 images that count as \(own), though its name is that of \(meaning); move it out of \(top) if it "
        + "is in the wrong place"
    }
    #expect(
      found.warnings == [
        text("happy/sad", "happy", "the class sad", "happy"),
        text("happy/validation", "happy", "the split validation", "happy"),
        text("happy/x/SADNESS", "happy", "the class sad", "happy"),
        text("sad/contempt", "sad", "the class contempt", "sad"),
      ])
    #expect(
      found.notes == [
        "happy: 3 of 4 images lie in folders below it: sad, validation, x",
        "sad: 2 of 3 images lie in folders below it: anna, contempt",
      ])
    // Where folders are persons, a folder below is no news.
    #expect(try load(folder) { $0.groupByFolder = true }.notes.isEmpty)
  }

  @Test("links that lead back are passed over by name, below a class and beside it")
  func loops() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    let link = { (name: String, goal: String) in
      try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/\(name)", withDestinationPath: goal)
    }
    try folder.write(plainPNG(), to: "sad/deep/b.png")
    try link("happy/again", folder.path + "/happy")
    try link("sad/deep/up", "../..")
    try link("itself", ".")
    let found = try load(folder)
    let text = "is a link that leads back to a folder it lies in; it is passed over"
    #expect(found.samples.map(\.id) == ["happy/a.png", "sad/a.png", "sad/deep/b.png"])
    #expect(
      found.warnings == [
        "\(folder.path)/itself \(text)", "\(folder.path)/happy/again: \(text)",
        "\(folder.path)/sad/deep/up: \(text)",
      ])
  }

  @Test("a search goes on beside a link that leads back, and names it")
  func search() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    try folder.write(fixture("colour.jpg"), to: "sad/photo")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/loop", withDestinationPath: folder.path)
    let found = try ImageSearch.files(named: folder.path)
    #expect(found.files == ["happy/a.png", "sad/a.png", "sad/photo"].map { "\(folder.path)/\($0)" })
    #expect(
      found.remarks == [
        "\(folder.path)/loop: is a link that leads back to a folder it lies in; it is passed over"
      ])
    #expect(found.problems.isEmpty)
  }

  @Test("names that look the same are two; names that are not UTF-8 are found, in folders and by patterns")
  func names() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    let names = ["\u{E9}.png", "e\u{301}.png", FileName.text([0xE9] + Array(".png".utf8))]
    for name in names { try AtomicFile.write(to: "\(folder.path)/sad/\(name)") { try $0.write(plainPNG()) } }
    let pattern = try ImageSearch.files(named: "\(folder.path)/sad/*.png").files
    #expect(pattern.count == 4)
    let found = try load(folder)
    #expect(found.samples.count == 5 && Set(found.samples.map { ExactName($0.id) }).count == 5)
    #expect(try found.samples.indices.allSatisfy { try found.image(at: $0).width > 0 })
  }

  @Test("what keeps folders from being class folders is named")
  func spoilers() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    for split in ["train", "validation"] {
      for name in ["happy", "sad"] { try folder.write(plainPNG(), to: "\(split)/\(name)/a.png") }
    }
    try FileManager.default.removeItem(atPath: folder.path + "/happy")
    try FileManager.default.removeItem(atPath: folder.path + "/sad")
    #expect(ClassFolderPlace.spoilers(in: folder.path).isEmpty)
    try folder.write(Array("x".utf8), to: "train/docs/a.txt")
    try FileManager.default.createDirectory(
      atPath: folder.path + "/train/fear", withIntermediateDirectories: true)
    #expect(ClassFolders.recognise(folder.path) == nil)
    let endings = ImageKind.endings.joined(separator: ", ")
    #expect(
      ClassFolderPlace.spoilers(in: folder.path) == [
        "\(folder.path)/train/docs: holds no images, but 1 .txt",
        "\(folder.path)/train/fear: holds no images; files that end in \(endings) are images",
      ])
  }
}

@Suite("Tables: names and numbers as they stand")
struct TableNameTests {
  private func load(
    _ folder: ScratchFolder, _ table: [UInt8], _ change: (inout Manifest.Options) -> Void = { _ in }
  ) throws -> any LoadedDataset {
    var options = Manifest.Options()
    options.file = FilePath(try folder.write(table, to: "list.csv"))
    change(&options)
    return try Manifest(options).load(DataRequest(classes: ["happy", "sad"], allowMissing: true))
  }

  @Test("two names that look the same are two rows; a name that is not UTF-8 is read")
  func names() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let names: [[UInt8]] = [[0xC3, 0xA9], [0x65, 0xCC, 0x81], [0xE9]]
    for name in names {
      try AtomicFile.write(to: "\(folder.path)/\(FileName.text(name))") { try $0.write(plainPNG()) }
    }
    let table = Array("path,label\n".utf8) + names.flatMap { $0 + Array(",sad\n".utf8) }
    let found = try load(folder, table)
    #expect(found.samples.map { FileName.bytes(of: $0.id) } == names)
    #expect(throws: DataProblem.self) { try load(folder, table + [0xE9] + Array(",sad\n".utf8)) }
  }

  @Test(
    "a column of floats holds class numbers as well as one of whole numbers",
    arguments: [
      ["0.0", "1.0"], ["0", "1.00"], [" +0", "01"], ["0.", "1. "],
    ])
  func floats(_ labels: [String]) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    for name in ["0.png", "1.png"] { try folder.write(plainPNG(), to: name) }
    let table = "path,label\n" + labels.enumerated().map { "\($0.offset).png,\($0.element)\n" }.joined()
    #expect(try load(folder, Array(table.utf8)) { $0.order = "recipe" }.samples.map(\.label) == [0, 1])
    // Without an order they are numbers all the same, and what to do is told.
    do {
      _ = try load(folder, Array(table.utf8))
      Issue.record("numbers were taken for names")
    } catch let problem as DataProblem {
      #expect(problem.message.contains("is a number, not a name") && problem.message.contains("`order`"))
    }
  }

  @Test(
    "halves, and numbers beyond the classes, stay problems", arguments: ["0.5", "2.0", "-1.0", "nan", "1e0"])
  func badNumbers(_ label: String) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    try folder.write(plainPNG(), to: "a.png")
    #expect(throws: DataProblem.self) {
      try load(folder, Array("path,label\na.png,\(label)\n".utf8)) { $0.order = "recipe" }
    }
  }

  @Test("rows of a split that nobody asks for by its usual names are counted")
  func oddSplits() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let rows = ["train", "trian", "trian", "val", ""].enumerated().map {
      "\($0.offset).png,sad,\($0.element)\n"
    }
    for number in 0..<5 { try folder.write(plainPNG(), to: "\(number).png") }
    let table = Array(("path,label,split\n" + rows.joined()).utf8)
    #expect(
      try load(folder, table) { $0.split = "train" }.warnings == [
        "1 rows are left out, whose split is empty", "2 rows are left out, whose split is \"trian\"",
      ])
    #expect(try load(folder, table) { $0.split = "trian" }.warnings.isEmpty)
  }

  @Test("a list of bad images names files by their bytes")
  func quarantine() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let path = folder.path + "/bad.txt"
    let names: [[UInt8]] = [[0xC3, 0xA9], [0x65, 0xCC, 0x81], [0xE9]]
    let files = names.map { folder.path + "/" + FileName.text($0) }
    var list = try QuarantineList(path)
    try list.add(files.prefix(1).map { DataProblem($0, "is empty") })
    #expect(files.map { list.problem(for: $0) != nil } == [true, false, false])
    try list.add(files.dropFirst().map { DataProblem($0, "is empty") })
    let again = try QuarantineList(path)
    #expect(again.count == 3 && files.allSatisfy { again.problem(for: $0) != nil })
    let lines = try #require(try FileSystem.contents(path)).split(separator: 10).dropFirst()
    #expect(lines.map { $0.split(separator: 9)[0] } == names.map { Data($0) })
  }
}
