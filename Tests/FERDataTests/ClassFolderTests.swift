import FERCore
@testable import FERData
import Foundation
import NeuralKit
import TensorKit
import Testing

@Suite("Class folders")
struct ClassFolderTests {
  private let classes = ["neutral", "happiness", "anger"]

  private func load(
    _ folder: ScratchFolder, classes: [String]? = nil,
    badImages: BadImagePolicy = .fail, ignore: [String] = [], allowMissing: Bool = false,
    _ change: (inout ClassFolders.Options) -> Void = { _ in }
  ) throws -> any LoadedDataset {
    var options = ClassFolders.Options()
    options.root = FilePath(folder.path)
    change(&options)
    #expect(options.allIssues() == [])
    return try ClassFolders(options).load(
      DataRequest(
        classes: classes ?? self.classes, badImages: badImages, ignore: ignore, allowMissing: allowMissing))
  }

  private func message(_ work: () throws -> some Any) -> String {
    do {
      _ = try work()
      return "no problem"
    } catch {
      return "\(error)"
    }
  }

  /// Two images of each class.
  private func goodFolder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    for (index, name) in ["Neutral", "happy", "ANGRY"].enumerated() {
      for file in ["b.png", "a.PNG"] {
        try folder.write(plainPNG([UInt8(index), UInt8(file.utf8.count), 9]), to: "\(name)/\(file)")
      }
    }
    return folder
  }

  @Test("folders meet classes by meaning, files come in the order of their bytes")
  func names() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    for name in ["10.jpg", "2.jpg", "é.png", "Z.jpeg", "a/b/c.tif"] {
      try folder.write(name.hasSuffix("png") ? plainPNG() : try fixture("colour.jpg"), to: "joy/\(name)")
    }
    let found = try load(folder)
    #expect(
      found.samples.map(\.id) == [
        "Neutral/a.PNG", "Neutral/b.png", "happy/a.PNG", "happy/b.png", "joy/10.jpg", "joy/2.jpg",
        "joy/Z.jpeg",
        "joy/a/b/c.tif", "joy/é.png", "ANGRY/a.PNG", "ANGRY/b.png",
      ])
    #expect(found.samples.map(\.label) == [0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2])
    #expect(found.samples.allSatisfy { $0.group.isEmpty })
    #expect(try found.image(at: 4).width == 21)
    #expect(try found.image(at: 2).bytes[..<3] == [1, 5, 9])
    // Classes in another order, and under other names: still by meaning.
    let other = try load(folder, classes: ["angry", "joy", "Neutral"])
    #expect(other.samples.prefix(2).map(\.id) == ["ANGRY/a.PNG", "ANGRY/b.png"])
  }

  @Test("hidden and system files are no images, and what has another ending and another content is counted")
  func ignored() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    let others = [
      "happy/.DS_Store", "happy/._a.png", "happy/Thumbs.db", "happy/notes.txt", ".hidden/a.png", "list.csv",
    ]
    for name in others {
      try folder.write(Array("no image".utf8), to: name)
    }
    let found = try load(folder)
    #expect(found.samples.count == 6)
    #expect(found.warnings == ["left out, as they are no images that are read: 1 .txt"])
  }

  @Test(
    "images of every kind that is read, by all their usual endings, and by content where the ending is another's"
  )
  func kinds() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    let bitmap = BitmapMaker(width: 1, height: 1, data: [3, 2, 1, 0]).file
    let files: [(String, [UInt8])] = [
      ("a.jfif", try fixture("colour.jpg")), ("b.jpe", try fixture("colour.jpg")),
      ("c.webp", try fixture("lossy.webp")),
      ("d.gif", try fixture("grey.gif")), ("e.bmp", bitmap), ("f.dib", bitmap),
      ("g.PPM", Array("P6 1 1 255\nabc".utf8)),
      ("h.pgm", Array("P2 1 1 255 7".utf8)), ("i.pbm", Array("P1 1 1 0".utf8)),
      ("j.pnm", Array("P1 1 1 0".utf8)),
      ("k.pam", Array("P7 WIDTH 1 HEIGHT 1 DEPTH 1 MAXVAL 1 ENDHDR\n1".utf8)), ("l.jpg", bitmap),
      ("m.jpg", try fixture("lossy.webp")),
    ]
    for (name, bytes) in files { try folder.write(bytes, to: "happy/\(name)") }
    let found = try load(folder)
    #expect(found.samples.count == 6 + files.count)
    for index in found.samples.indices { #expect(try found.image(at: index).width > 0) }
  }

  @Test("an unknown folder is an error with the nearest class, unless it is named to be left out")
  func unknownFolder() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    try folder.write(plainPNG(), to: "hapiness/a.png")
    #expect(
      message { try load(folder) }
        == "\(folder.path)/hapiness: the recipe has no class for this folder; did you mean \"happiness\"?; "
        + "classes: neutral, happiness, anger; name it in `ignore` to leave it out")
    #expect(try load(folder, ignore: ["hapiness"]).samples.count == 6)
  }

  @Test("a class without a folder, a folder without images, no folder at all")
  func missing() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    let more = classes + ["fear"]
    #expect(
      message { try load(folder, classes: more) }
        == "\(folder.path): has no folder for the class fear; it holds the folders ANGRY, Neutral, happy")
    #expect(try load(folder, classes: more, allowMissing: true).samples.count == 6)
    try FileManager.default.createDirectory(
      atPath: folder.path + "/fearful", withIntermediateDirectories: true)
    #expect(
      message { try load(folder, classes: more) }
        == "\(folder.path)/fearful: holds no images; files that end in jpg, jpeg, jpe, jfif, png, tif, "
        + "tiff, webp, gif, bmp, dib, pbm, pgm, ppm, pnm, pam are images")
    #expect(
      message { try load(folder) { $0.split = "train" } }
        == "\(folder.path)/train: cannot be opened as a folder: it does not exist")
  }

  @Test("where root holds splits, the message says so; split chooses one")
  func splits() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    for split in ["train", "test"] {
      for name in ["neutral", "happy", "angry"] {
        try folder.write(plainPNG(), to: "\(split)/\(name)/\(split).png")
      }
    }
    #expect(
      message { try load(folder) }.hasSuffix(
        "it holds the folders test, train; choose one of them with `split`"))
    #expect(
      try load(folder) { $0.split = "test" }.samples.map(\.id)
        == ["neutral/test.png", "happy/test.png", "angry/test.png"])
    var options = ClassFolders.Options()
    options.split = "../elsewhere"
    #expect(options.allIssues().map(\.key) == ["split"])
    #expect(throws: BuildIssue("root", "must name the folder that holds the images")) {
      try ClassFolders(.init())
    }
  }

  @Test("groups from file names or subfolders; a limit for each class")
  func groups() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    try folder.write(plainPNG(), to: "happy/anna_01.png")
    try folder.write(plainPNG(), to: "happy/tom/02.png")
    let byName = try load(folder) { $0.groupSeparator = "_" }
    #expect(byName.samples.first { $0.id == "happy/anna_01.png" }?.group == "anna")
    let byFolder = try load(folder) { $0.groupByFolder = true }
    #expect(byFolder.samples.first { $0.id == "happy/tom/02.png" }?.group == "tom")
    #expect(byFolder.samples.first { $0.id == "happy/anna_01.png" }?.group == "")
    #expect(
      try load(folder) { $0.limit = 1 }.samples.map(\.id) == ["Neutral/a.PNG", "happy/a.PNG", "ANGRY/a.PNG"])
  }

  @Test("an empty file and a text named .png are found at once, named, and left out where that is allowed")
  func badFiles() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    try folder.write([], to: "happy/empty.jpg")
    try folder.write(Array("<html>".utf8), to: "ANGRY/page.png")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/ANGRY/gone.png", withDestinationPath: "/nowhere")
    #expect(mkfifo(folder.path + "/ANGRY/pipe.png", 0o600) == 0)
    let odd = folder.path + "/ANGRY/folder.png"
    try FileManager.default.createDirectory(atPath: odd, withIntermediateDirectories: true)
    let text = message { try load(folder) }
    #expect(
      text.hasPrefix(
        "\(folder.path)/happy/empty.jpg: is empty (0 bytes); fetch it again or remove it\n  also "))
    #expect(text.contains("ANGRY/page.png: is not an image: it starts with the text \"<html>\""))
    #expect(text.contains("ANGRY/gone.png: cannot be opened") && text.contains("ANGRY/pipe.png: is a pipe"))
    let skipping = try load(folder, badImages: .skip(upTo: 0.4))
    #expect(skipping.samples.count == 6)
    #expect(skipping.leftOut.count == 4)
    #expect(
      message { try load(folder, badImages: .skip(upTo: 0.39)) }
        .contains("with it 4 of 10 images are bad, and skipUpTo allows 39.0 %"))
  }

  @Test("a cut JPEG shows when it is decoded: an error, or left out of its batch")
  func cutImage() throws {
    let folder = try goodFolder()
    defer { folder.remove() }
    try folder.write(Array(try fixture("colour.jpg").prefix(600)), to: "happy/cut.jpg")
    func batches(_ policy: BadImagePolicy) throws -> [Int] {
      let data = try load(folder, badImages: policy)
      let request = BatchRequest(order: Array(data.samples.indices), batchSize: 10)
      let loader = BatchLoader(data, request, pipeline: InputPipeline(InputOptions()), badImages: policy)
      var labels: [Int] = []
      while let batch = try loader.next() { labels += batch.indices.map { data.samples[$0].label } }
      return labels
    }
    #expect(try batches(.skip(upTo: 0.2)) == [0, 0, 1, 1, 2, 2])
    #expect(
      message { try batches(.fail) }
        == "\(folder.path)/happy/cut.jpg: is cut off: the JPEG data end before the picture does")
  }

}
