import FERCore
@testable import FERData
import Foundation
import NeuralKit
import TensorKit
import Testing
import Support

/// Every layout, against what its writer wrote.
@Suite("Layouts of datasets")
struct LayoutTests {
  /// The classes in another order and under other names.
  private func renamed(_ classes: [String]) -> [String] {
    let words = [
      "happiness": "joy", "joy": "happy", "happy": "happiness", "anger": "Angry", "angry": "anger",
      "sadness": "sad",
    ]
    .merging(["fear": "fearful", "surprise": "surprised", "disgust": "disgusted", "Fear": "FEAR"]) { a, _ in a
    }
    return classes.reversed().map { words[$0] ?? $0 }
  }

  private func expect(
    _ found: [WrittenImage], _ written: [WrittenImage], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    func byMeaning(_ images: [WrittenImage]) -> [WrittenImage] {
      images.map { image in
        var image = image
        image.name = ExpressionNames.canonical(image.name)
        return image
      }.sorted { $0.id < $1.id }
    }
    #expect(byMeaning(found) == byMeaning(written), sourceLocation: sourceLocation)
  }

  @Test(
    "names, classes, groups and splits are those that were written, in any order of the classes",
    arguments: Layout.all)
  func asWritten(_ layout: Layout) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let written = try layout.write(folder)
    for classes in [layout.classes, renamed(layout.classes)] {
      for split in layout.splits {
        let loaded = try layout.load(folder.path, split: split, classes: classes)
        expect(loaded.read(classes, split: split), written.filter { $0.split == split })
        #expect(loaded.leftOut.isEmpty)
        for index in loaded.samples.indices { #expect(try loaded.image(at: index).width > 0) }
      }
    }
  }

  @Test(
    "the tables that samples come from are named; folders and file names need none", arguments: Layout.all)
  func tables(_ layout: Layout) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try layout.write(folder)
    let loaded = try layout.load(folder.path, split: layout.splits[0], classes: layout.classes)
    let hasTable =
      ["affectnet", "ferplus", "fer2013", "manifest", "raf-db"].contains(layout.dataset)
      && !["folders", ".npy annotations"].contains(layout.form)
    #expect(loaded.tables.isEmpty != hasTable)
    #expect(loaded.tables.allSatisfy(FolderListing.isFile), "\(loaded.tables)")
  }

  @Test("is recognised, with lines for a recipe that read the same", arguments: Layout.all)
  func recognised(_ layout: Layout) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let written = try layout.write(folder)
    let found = try #require(try recognise(folder.path).first)
    // FER2013's folders are class folders like any others.
    #expect(found.dataset == (layout.form == "folders" ? "class-folders" : layout.dataset))
    #expect(
      Set(found.classes.map(ExpressionNames.canonical)) == Set(layout.classes.map(ExpressionNames.canonical)))
    let recipe = try JSON5Parser.parse("{\n\(found.recipeLines)}").value
    #expect(recipe["classes"]?.elements?.compactMap(\.text) == found.classes)
    var read: [WrittenImage] = []
    for part in found.parts {
      var options = try #require(recipe["data"]?[part.key]?.members)
      #expect(options.removeValue(forKey: "use") == .string(found.dataset))
      #expect(JSONValue.object(options) == part.value)
      let loaded = try Layout.load(found.dataset, .object(options), found.classes)
      #expect(!loaded.samples.isEmpty)
      read += loaded.read(found.classes, split: part.key)
    }
    let inParts = Set(read.map { "\($0.split) \($0.id)" })
    #expect(inParts.count == read.count, "no image is in two splits")
    // Splits that the authors did not make are drawn; together they are all that was written.
    let drawn = layout.splits == ["all"] || layout.dataset == "raf-db"
    let named = ["val": "validation"]
    expect(
      drawn ? read.map { .init(id: $0.id, name: $0.name, group: $0.group, split: "") } : read,
      written.map {
        .init(id: $0.id, name: $0.name, group: $0.group, split: drawn ? "" : named[$0.split] ?? $0.split)
      })
  }

  @Test(
    "a class that the recipe does not have is an error that counts its samples, or is left out by name",
    arguments: Layout.all)
  func fewerClasses(_ layout: Layout) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let written = try layout.write(folder)
    let (split, dropped) = (layout.splits[0], layout.classes[1])
    let fewer = layout.classes.filter { $0 != dropped }
    let text = problem { try layout.load(folder.path, split: split, classes: fewer) }
    #expect(text.contains("the recipe has no class for"))
    #expect(text.contains("`ignore`"))
    let kept = written.filter { $0.split == split && $0.name != dropped }
    let isFolders = layout.dataset == "class-folders" || layout.form == "folders"
    let count = written.count { ($0.split == split) && $0.name == dropped }
    if !isFolders { #expect(text.contains("\(dropped) (\(count) sample\(count == 1 ? "" : "s"))")) }
    let ignored = layout.form == "folders" ? "disgust" : dropped
    let loaded = try layout.load(
      folder.path, split: split, classes: fewer, ["ignore": .array([.string(ignored)])])
    expect(loaded.read(fewer, split: split), kept)
  }

  @Test("a class that the dataset does not know is an error unless it may be missing", arguments: Layout.all)
  func moreClasses(_ layout: Layout) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let written = try layout.write(folder)
    let more = ["boredom"] + layout.classes
    let text = problem { try layout.load(folder.path, split: layout.splits[0], classes: more) }
    #expect(text.contains("boredom"), "\(text)")
    let loaded = try layout.load(
      folder.path, split: layout.splits[0], classes: more, ["allowMissing": .bool(true)])
    expect(loaded.read(more, split: layout.splits[0]), written.filter { $0.split == layout.splits[0] })
    let strangers = ["boredom", "pride"]
    #expect(
      problem {
        try layout.load(
          folder.path, split: layout.splits[0], classes: strangers, ["allowMissing": .bool(true)])
      }
        != "no problem")
  }

  @Test("without a place, or with one that does not exist, the sentence says so", arguments: Layout.all)
  func nowhere(_ layout: Layout) throws {
    let key = layout.dataset == "manifest" ? "file" : "root"
    #expect(problem { try Layout.made(layout.dataset, .object([:])) }.contains("must name"))
    let text = problem {
      try Layout.load(layout.dataset, .object([key: .string("/nowhere/at/all")]), layout.classes)
    }
    #expect(text.hasPrefix("/nowhere/at/all") && text.contains("exist"), "\(text)")
  }

  @Test("missing images are named and counted, or left out up to a share", arguments: Layout.all)
  func missingImages(_ layout: Layout) throws {
    guard !layout.form.contains("csv"), layout.dataset != "aff-wild2" else { return }
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try layout.write(folder)
    let split = layout.splits[0]
    let before = try layout.load(folder.path, split: split, classes: layout.classes)
    let victim = before.samples[0].id
    let enumerator = FileManager.default.enumerator(atPath: folder.path)
    let path = try #require(
      (enumerator?.compactMap { $0 as? String } ?? []).filter { $0 == victim || $0.hasSuffix("/" + victim) }
        .min { ($0.contains(split) ? 0 : 1, $0) < ($1.contains(split) ? 0 : 1, $1) })
    // An empty file takes its place: a name alone makes some layouts.
    try folder.write([], to: path)
    let text = problem { try layout.load(folder.path, split: split, classes: layout.classes) }
    #expect(text.contains("\(victim): is empty (0 bytes)"), "\(text)")
    let skipping: [String: JSONValue] = ["onBadImage": .string("skip"), "skipUpTo": .double(0.5)]
    let loaded = try layout.load(folder.path, split: split, classes: layout.classes, skipping)
    #expect(loaded.samples.count == before.samples.count - 1 && loaded.leftOut.count == 1)
    #expect(!loaded.samples.contains { $0.id == victim })
  }

  /// Cut, with bits turned over, pieces doubled, and bytes that matter put in: a sentence or a dataset, and no trap.
  @Test("lists and tables damaged at random are read or refused, by sight too", arguments: Layout.all)
  func damaged(_ layout: Layout) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try layout.write(folder)
    let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    let lists = all.filter { name in [".csv", ".tsv", ".txt", ".npy"].contains { name.hasSuffix($0) } }
      .sorted().prefix(6)
    var random = RandomSource(seed: 6, stream: layout.testDescription)
    for name in lists {
      let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)")))
      for _ in 0..<40 {
        var bytes = whole
        let (place, other) = (random.below(bytes.count), random.below(bytes.count))
        switch random.below(4) {
        case 0: bytes.removeLast(bytes.count - place)
        case 1: bytes[place] ^= 1 << UInt8(random.below(8))
        case 2: bytes.insert(contentsOf: whole[min(place, other)..<max(place, other)].prefix(500), at: place)
        default:
          bytes.replaceSubrange(
            place..<min(place + 3, bytes.count), with: Array("\",\n-9\r\0,".utf8).prefix(random.below(10)))
        }
        try folder.write(bytes, to: name)
        for split in layout.splits {
          _ = try? layout.load(folder.path, split: split, classes: layout.classes)
        }
        _ = try recognise(folder.path)
      }
      try folder.write(whole, to: name)
    }
  }

  @Test("nothing is recognised in an empty folder, a file of words, or nowhere")
  func unrecognised() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    #expect(try recognise(folder.path).isEmpty)
    try folder.write("Just words, and more of them.\nAnd a line.\n", to: "notes.csv")
    try folder.write("x", to: "a/b/c.txt")
    #expect(try recognise(folder.path).isEmpty)
    #expect(try recognise(folder.path + "/notes.csv").isEmpty)
    #expect(try recognise("/nowhere").isEmpty)
  }
}
