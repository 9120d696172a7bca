import FERCore
@testable import FERData
import Foundation
import TensorKit
import Testing
import Support

/// Folders and tables that people make themselves, and splits that authors did not make.
@Suite("People's own layouts")
struct OwnDataTests {
  private let classes = ["angry", "happy", "sad"]

  private func manifest(
    _ table: String, classes: [String]? = nil, _ options: [String: JSONValue] = [:],
    images: [String] = ["a.png", "b.png", "c.png"]
  ) throws -> any LoadedDataset {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    try folder.write(table, to: "list.csv")
    for name in images { try folder.write(plainPNG(), to: name) }
    let given = options.merging(["file": .string(folder.path + "/list.csv")]) { $1 }
    do {
      return try Layout.load("manifest", .object(given), classes ?? self.classes)
    } catch let found as DataProblem {
      throw DataProblem(
        found.path.replacing(folder.path, with: "ROOT"), found.message.replacing(folder.path, with: "ROOT"))
    }
  }

  @Test(
    "a manifest with mistakes",
    arguments: [
      (
        "name,label\na.png,happy\n",
        "ROOT/list.csv: has no column of paths (path, file, image, filename ...); the first row names name, "
          + "label; say which it is with `pathColumn`"
      ),
      (
        "path,mood\na.png,happy\n",
        "ROOT/list.csv: has neither a column of labels (label, class, expression, emotion ...) nor one for "
          + "each class; the first row names path, mood; say which it is with `labelColumn`"
      ),
      ("path,label,label\na.png,happy,sad\n", "ROOT/list.csv: names columns twice: label"),
      ("path,label\n", "ROOT/list.csv: lists no images"),
      ("path,label\na.png\n", "ROOT/list.csv: line 2: has 1 fields, the first row names 2"),
      ("path,label\na.png,\n", "ROOT/list.csv: line 2: the label is an empty field"),
      (
        "path,label\n../a.png,happy\n",
        "ROOT/list.csv: line 2: the path \"../a.png\" leads out of the folder ROOT"
      ),
      (
        "path,label\n/etc/passwd,happy\n",
        "ROOT/list.csv: line 2: the path \"/etc/passwd\" is an absolute path outside of ROOT"
      ),
      (",label\n,happy\n", "ROOT/list.csv: has no column of paths"),
      ("path,label\n,happy\n", "ROOT/list.csv: line 2: the path an empty field names no file"),
      (
        "path,label\na.png,happy\n./a.png,happy\n",
        "ROOT/list.csv: line 3: a.png is listed twice, first in line 2"
      ),
      (
        "path,label\na.png,3\nb.png,4\n",
        "ROOT/list.csv: 2 problems\n  line 2: label \"3\" is a number, not a name\n  line 3: label \"4\" "
          + "is a number, not a name\n  Labels that are numbers need `order`, which says whose numbers they are."
      ),
      (
        "path,label\na.png,hapy\nb.png,hapy\n",
        "ROOT/list.csv: the recipe has no class for hapy (2 samples); did you mean \"happy\"?; "
          + "classes: angry, happy, sad; name them in `ignore` to leave them out"
      ),
      ("path,label\na.png,happy\n", "and the dataset does not know the classes angry, sad; it has happy"),
      ("path,happy,sad\na.png,1,x\n", "ROOT/list.csv: line 2: \"x\" is no share for sad: a number from 0 on"),
      (
        "path,happy,sad\na.png,-1,2\n",
        "ROOT/list.csv: line 2: \"-1\" is no share for happy: a number from 0 on"
      ),
      ("path,happy,sad\na.png,nan,2\n", "ROOT/list.csv: line 2: \"nan\" is no share for happy"),
      ("path,happy,sad\na.png,inf,2\n", "ROOT/list.csv: line 2: \"inf\" is no share for happy"),
      ("path,happy,sad\na.png,0,0\n", "ROOT/list.csv: line 2: the shares of all classes are 0"),
      ("path,label\ngone.png,happy\n", "ROOT/gone.png: cannot be opened: it does not exist"),
    ])
  func mistakes(table: String, expected: String) throws {
    let missing: [String: JSONValue] =
      expected.contains("does not know") ? [:] : ["allowMissing": .bool(true)]
    let text = problem { try manifest(table, missing) }
    #expect(
      text.contains(expected) || (expected.hasPrefix("and ") && text.contains(expected.dropFirst(4))),
      "\(text)")
  }

  @Test("numbers as labels need an order, and shares become a distribution in the recipe's order")
  func labels() throws {
    let numbers = "image;emotion\na.png;0\nb.png;3\nc.png;4\n"
    let fer = try manifest(numbers, classes: ["sad", "happy", "angry"], ["order": .string("fer2013")])
    #expect(fer.samples.map(\.label) == [2, 1, 0])
    let own = try manifest("path,label\na.png,2\nb.png,0\n", ["order": .string("recipe")])
    #expect(own.samples.map(\.label) == [2, 0])
    #expect(
      problem { try manifest("path,label\na.png,3\nb.png,1\n", ["order": .string("recipe")]) }
        == "ROOT/list.csv: line 2: label \"3\" is not in 0...2 (angry, happy, sad)\n  Do the labels count from 1?"
    )
    // 6 : 3 : 1 in the order happy, angry, sad.
    let shares = try manifest(
      "path,happiness,anger,sadness,notes\na.png,6,3,1,x\nb.png,,0.5,0.5,y\n", ["labelColumn": .string("")])
    #expect(shares.samples.map(\.label) == [1, 0])
    #expect(shares.samples.map(\.distribution) == [[0.3, 0.6, 0.1], [0.5, 0, 0.5]])
    // A column of labels says what counts; the shares are what training aims at.
    let both = try manifest("path,label,happy,sad\na.png,sad,3,1\n", ["allowMissing": .bool(true)])
    #expect(both.samples.map(\.label) == [2] && both.samples[0].distribution == [0, 0.75, 0.25])
    // Shares of a class that is left out are taken out, and the rest is divided by what remains.
    let fewer = try manifest(
      "path,happy,angry,sad\na.png,2,1,1\nb.png,0,0,4\n", classes: ["angry", "happy"],
      ["ignore": .array([.string("sad")])])
    #expect(fewer.samples.map(\.id) == ["a.png"])
    #expect(fewer.samples[0].distribution == [Float(1) / 3, Float(2) / 3])
    #expect(
      problem { try manifest("path,happy,angry,sad\na.png,2,1,1\n", classes: ["angry", "happy"]) }
        .contains("the recipe has no class for sad (1 sample)"))
  }

  @Test("splits and columns by other names")
  func columns() throws {
    let table = "where,who,what,fold\na.png,p1,happy,Training\nb.png,p2,sad,PublicTest\nc.png,p1,angry,x\n"
    let names: [String: JSONValue] = [
      "pathColumn": .string("where"), "labelColumn": .string("what"), "groupColumn": .string("who"),
      "splitColumn": .string("fold"),
    ]
    func ids(_ split: String) throws -> [String] {
      try manifest(table, names.merging(["split": .string(split)]) { $1 }).samples.map {
        "\($0.id) \($0.group)"
      }
    }
    #expect(try ids("train") == ["a.png p1"] && ids("val") == ["b.png p2"] && ids("x") == ["c.png p1"])
    #expect(try ids("").count == 3)
    #expect(
      problem { try ids("dev2") }
        == "ROOT/list.csv: has no rows of the recipe's classes for the split \"dev2\"; splits: PublicTest (1), Training (1), x (1)"
    )
    #expect(
      problem { try manifest("path,label\na.png,sad\n", ["split": .string("train")]) }.contains(
        "has no column of splits (split, set, usage ...)"))
    #expect(
      problem { try manifest("path,label\na.png,sad\n", ["groupColumn": .string("person")]) }
        == "ROOT/list.csv: has no column \"person\"; the first row names path, label")
  }

  @Test("columns that a manifest's attributes name are told of each image; one that is not there is an error")
  func attributes() throws {
    let table = "path,label,Gender,happy,sad\na.png,happy,female,1,0\nb.png,sad,,0,1\n"
    let options: [String: JSONValue] = [
      "attributes": .texts(["gender", "sad"]), "allowMissing": .bool(true),
    ]
    let samples = try manifest(table, options).samples
    #expect(samples.map(\.attributes) == [["gender": "female", "sad": "0"], ["sad": "1"]])
    // One column of a class is left, which is something else.
    #expect(samples.allSatisfy { $0.distribution == nil })
    #expect(
      problem { try manifest(table, ["attributes": .texts(["race"])]) }
        == "ROOT/list.csv: has no column \"race\"; the first row names path, label, Gender, happy, sad")
  }

  @Test("an image of more pixels than the request allows is bad")
  func pixelLimit() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    try folder.copy("colour.jpg", to: ["a/1.jpg", "b/1.jpg"])
    var options = ClassFolders.Options()
    options.root = .init(folder.path)
    let dataset = try ClassFolders(options)
    #expect(try dataset.load(DataRequest(classes: ["a", "b"])).image(at: 0).width == 21)
    let limited = try dataset.load(DataRequest(classes: ["a", "b"], pixelLimit: 20))
    #expect(problem { try limited.image(at: 0) }.hasPrefix("\(folder.path)/a/1.jpg: "))
  }

  @Test("a link in a circle is an unreadable image")
  func links() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/b.png", withDestinationPath: folder.path + "/a.png")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/a.png", withDestinationPath: folder.path + "/b.png")
    try folder.write("path,label\na.png,happy\n", to: "list.csv")
    let options: JSONValue = .object([
      "file": .string(folder.path + "/list.csv"), "allowMissing": .bool(true),
    ])
    #expect(problem { try Layout.load("manifest", options, classes) }.contains("/a.png: cannot be opened: "))
  }

  @Test("folders named by numbers mean what the order says, and nothing without one")
  func numberedFolders() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    // RAF-DB as it is often passed on: 1 surprise ... 7 neutral.
    for number in 1...7 { try folder.copy("colour.jpg", to: ["train/\(number)/train_\(number)_aligned.jpg"]) }
    let names = Array(ClassOrder.rafDB.names.sorted())
    func load(_ order: String) throws -> any LoadedDataset {
      let options: [String: JSONValue] = [
        "root": .string(folder.path), "split": .string("train"), "order": .string(order),
      ]
      return try Layout.load("class-folders", .object(options), names)
    }
    let found = try load("raf-db")
    #expect(
      Dictionary(uniqueKeysWithValues: found.samples.map { ($0.id, names[$0.label]) })
        == Dictionary(
          uniqueKeysWithValues: (1...7).map {
            ("\($0)/train_\($0)_aligned.jpg", ClassOrder.rafDB.names[$0 - 1])
          }))
    #expect(
      problem { try load("") }.hasSuffix(
        "name it in `ignore` to leave it out, or say in `order` whose numbers these are"))
    let seen = try #require(recognise(folder.path).first)
    #expect(seen.classes == ClassOrder.rafDB.names && seen.remark.contains("raf-db"))
  }

  // MARK: splits

  @Test("one person held out tests alone, and is nowhere else")
  func heldOut() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let written = try Layout.jaffe.write(folder)
    func images(_ split: String, _ more: [String: JSONValue] = [:]) throws -> [Sample] {
      try Layout.jaffe.load(
        folder.path, split: split, classes: Layout.jaffe.classes,
        ["heldOut": .array([.string("KL")])].merging(more) { $1 }
      ).samples
    }
    let (train, validation, test) = (try images("train"), try images("validation"), try images("test"))
    #expect(Set(test.map(\.id)) == Set(written.filter { $0.group == "KL" }.map(\.id)))
    #expect(Set((train + validation).map(\.group)) == ["KA", "YM"])
    // A tenth of four images of each class, but one at least.
    #expect(validation.count == 7 && Set(validation.map(\.label)).count == 7 && train.count == 21)
    #expect(Set((train + validation + test).map(\.id)).count == written.count)
    #expect(
      problem { try images("train", ["heldOut": .array([.string("XX")])]) }
        == "\(folder.path): heldOut names XX, which is not among KA, KL, YM")
  }

  @Test("people or images are drawn by the seed alone")
  func drawn() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let written = try Layout.ferg.write(folder)
    func images(_ split: String, by: String, seed: Int = 1, classes: [String] = Layout.ferg.classes) throws
      -> [Sample]
    {
      try Layout.ferg.load(
        folder.path, split: split, classes: classes,
        [
          "splitBy": .string(by), "seed": .int(seed), "testShare": .double(0.3),
          "validationShare": .double(0.2),
        ]
      ).samples
    }
    for by in ["image", "character"] {
      let parts = try ["train", "validation", "test"].map { try images($0, by: by) }
      #expect(
        Set(parts.joined().map(\.id)).count == written.count
          && parts.map(\.count).reduce(0, +) == written.count)
      let again = try images("test", by: by, classes: Layout.ferg.classes.reversed())
      #expect(Set(again.map(\.id)) == Set(parts[2].map(\.id)))
      #expect(
        try (2..<8).contains {
          try Set(images("test", by: by, seed: $0).map(\.id)) != Set(parts[2].map(\.id))
        })
      if by == "image" {
        // 18 of each class: 0.3 is 5, 0.2 is 4.
        #expect(
          parts.map { part in (0..<7).map { label in part.count { $0.label == label } } }
            == [[Int](repeating: 9, count: 7), [Int](repeating: 4, count: 7), [Int](repeating: 5, count: 7)])
      } else {
        // Of six characters 0.3 is 2, 0.2 is 1; nobody is in two splits.
        #expect(parts.map { Set($0.map(\.group)).count } == [3, 1, 2])
      }
    }
    for (test, validation, sentence) in [
      (0.9, 0.2, "leaves nothing for train"), (0.2, 0.0, "must be above 0"),
    ] {
      let shares: [String: JSONValue] = ["testShare": .double(test), "validationShare": .double(validation)]
      let text = problem {
        try Layout.ferg.load(folder.path, split: "validation", classes: Layout.ferg.classes, shares)
      }
      #expect(text.contains(sentence), "\(text)")
    }
  }

  @Test("files and folders that are not named as they should be")
  func badNames() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try Layout.jaffe.write(folder)
    for name in ["KA.XX1.99.tiff", "KA.AN1.tiff", "holiday.tif"] { try folder.copy("grey.tiff", to: [name]) }
    let text = problem { try Layout.jaffe.load(folder.path, split: "all", classes: Layout.jaffe.classes) }
    #expect(
      text.hasPrefix("\(folder.path): 3 problems\n  KA.AN1.tiff is not named like KA.AN1.39.tiff"), "\(text)")
    let faces = try ScratchFolder()
    defer { faces.remove() }
    _ = try Layout.ferg.write(faces)
    try faces.write(plainPNG(), to: "aia/aia_bored/1.png")
    try faces.write("x", to: "ray/ray_anger2/notes.txt")
    let other = problem { try Layout.ferg.load(faces.path, split: "all", classes: Layout.ferg.classes) }
    #expect(
      other.contains("aia/aia_bored is not named after its character and one of anger, disgust"), "\(other)")
  }

  // MARK: FER+'s votes

  private struct Votes: Decodable {
    let votes: [Int]
    let majority: Int?
    let label: Int?
    let distribution: [Float]?
  }

  /// 160 rows run through the authors' program.
  @Test("votes become what FER+'s authors make of them")
  func votes() throws {
    for row in try datasetFixture("votes.json", as: [Votes].self) {
      #expect(VoteRule.majority(row.votes) == row.majority, "\(row.votes)")
      let shares = VoteRule.distribution(row.votes)
      #expect(shares.flatMap { $0.firstIndex(of: $0.max() ?? 0) } == row.label, "\(row.votes)")
      #expect((shares == nil) == (row.distribution == nil))
      for (found, expected) in zip(shares ?? [], row.distribution ?? []) {
        #expect(abs(found - expected) < 1e-5, "\(row.votes)")
      }
    }
  }

  @Test("FER+: shares are put in the recipe's order, and majorities have none")
  func ferPlus() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try Layout.ferPlusPixels.write(folder)
    let path = folder.path + "/fer2013new.csv"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    // Neutral 4, happiness 2, surprise 2 and single votes, which are slips: 4/8, 2/8, 2/8.
    try folder.write(
      text.replacing("fer0000000.png,8,1,0,0,0,0,0,0,1,0", with: "fer0000000.png,4,2,2,1,1,0,0,0,0,0"),
      to: "fer2013new.csv")
    let classes = Array(ClassOrder.ferPlus.names.reversed())
    func load(_ labels: String, _ classes: [String], _ more: [String: JSONValue] = [:]) throws -> Sample {
      try Layout.ferPlusPixels.load(
        folder.path, split: "train", classes: classes, ["labels": .string(labels)].merging(more) { $1 }
      ).samples[0]
    }
    let sample = try load("distribution", classes)
    #expect(sample.label == 7)
    for (found, expected) in zip(sample.distribution ?? [], [0, 0, 0, 0, 0, 0.25, 0.25, 0.5]) {
      #expect(abs(Double(found) - expected) < 1e-6)
    }
    // No class has more than half of the eight votes: the face is left out, and the next one comes first.
    #expect(try load("majority", classes).id == "fer0000001.png")
    #expect(try load("majority", classes).distribution == nil)
    let fewer = try load(
      "distribution", classes.filter { $0 != "happiness" }, ["ignore": .array([.string("happy")])])
    for (found, expected) in zip(fewer.distribution ?? [], [0, 0, 0, 0, 0, 1.0 / 3, 2.0 / 3]) {
      #expect(abs(Double(found) - expected) < 1e-6)
    }
  }
}
