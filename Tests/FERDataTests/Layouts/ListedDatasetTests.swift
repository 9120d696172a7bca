import FERCore
@testable import FERData
import Foundation
import Testing
import Support

/// Bad lists and tables of the datasets that have one, each with the sentence it must end in.
@Suite("Lists and tables with mistakes in them")
struct ListedDatasetTests {
  /// Writes a copy, changes one of its files and reads it.
  private func sentence(
    _ layout: Layout, _ file: String, split: String = "train", _ options: [String: JSONValue] = [:],
    _ change: (String) -> String?
  ) throws -> String {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try layout.write(folder)
    let path = "\(folder.path)/\(file)"
    if let changed = change(try String(contentsOfFile: path, encoding: .utf8)) {
      try folder.write(changed, to: file)
    } else {
      try FileManager.default.removeItem(atPath: path)
    }
    return problem { try layout.load(folder.path, split: split, classes: layout.classes, options) }
      .replacing(folder.path, with: "ROOT")
  }

  // MARK: RAF-DB

  private let rafList = "EmoLabel/list_patition_label.txt"

  @Test(
    "RAF-DB: what is wrong with the list is told line by line",
    arguments: [
      (
        "train_00001.jpg 1", "train_00001.jpg 8",
        "line 1: label \"8\" of train_00001.jpg is not in 1...7 (surprise, fear, "
          + "disgust, happiness, sadness, anger, neutral)"
      ),
      (
        "train_00002.jpg 2", "train_00002.jpg two", "line 2: label \"two\" of train_00002.jpg is not in 1...7"
      ),
      ("train_00002.jpg 2", "train_00002.jpg", "line 2: has 1 words, should have two: a name and a label"),
      (
        "train_00002.jpg 2", "train_00002.jpg 2 9", "line 2: has 3 words, should have two: a name and a label"
      ),
      (
        "train_00003.jpg 3", "train_00001.jpg 3",
        "line 3: train_00001.jpg is listed twice, first in line 1 with label 1, now 3"
      ),
      ("train_00008.jpg 1", "train_00001.jpg 1", "line 8: train_00001.jpg is listed twice, first in line 1"),
      (
        "train_00004.jpg 4", "../../etc/passwd 4",
        "line 4: \"../../etc/passwd\" is no image name that begins with train_ or test_"
      ),
      ("train_00004.jpg 4", "train_/../../x.jpg 4", "line 4: \"train_/../../x.jpg\" is no image name"),
      ("train_00004.jpg 4", "valid_00004.jpg 4", "line 4: \"valid_00004.jpg\" is no image name"),
      (
        "train_00004.jpg 4", "train_00004.jpg 99999999999999999999999",
        "line 4: label \"99999999999999999999999\""
      ),
      (
        "train_00004.jpg 4", "train_00099.jpg 4",
        "train_00099_aligned.jpg: cannot be opened: it does not exist"
      ),
    ])
  func rafDB(line: String, changed: String, expected: String) throws {
    let text = try sentence(.rafDB, rafList) { $0.replacing(line + "\n", with: changed + "\n") }
    #expect(text.hasPrefix("ROOT/") && text.contains(expected), "\(text)")
  }

  @Test("RAF-DB: labels from 0, an empty list, no list, no images")
  func rafDBWhole() throws {
    let zeros = try sentence(.rafDB, rafList) { text in
      text.split(separator: "\n").map { line in "\(line.dropLast())\((line.last?.wholeNumberValue ?? 1) - 1)"
      }
      .joined(separator: "\n")
    }
    #expect(zeros.hasPrefix("ROOT/\(rafList): 3 problems\n  line 1: label \"0\""))
    #expect(zeros.hasSuffix("\n  Do the labels count from 0? RAF-DB's count from 1."))
    #expect(try sentence(.rafDB, rafList) { _ in "\n" } == "ROOT/\(rafList): lists no images")
    #expect(try sentence(.rafDB, rafList) { _ in "" } == "ROOT/\(rafList): is empty (0 bytes)")
    #expect(
      try sentence(.rafDB, rafList) { _ in nil }
        == "ROOT: holds no file EmoLabel/list_patition_label.txt, basic/EmoLabel/list_patition_label.txt, "
        + "list_patition_label.txt, EmoLabel/list_partition_label.txt, basic/EmoLabel/list_partition_label.txt, "
        + "list_partition_label.txt; say where it is with `list`")
    #expect(
      try sentence(.rafDB, rafList) { $0.replacing("test_", with: "train_9") }.contains("9") == true)
    #expect(
      try sentence(.rafDB, rafList, split: "test") {
        $0.split(separator: "\n").filter { $0.hasPrefix("train") }.joined(separator: "\n")
      }
      .hasSuffix("lists no images whose names begin with test_"))
    let outside = try sentence(.rafDB, rafList, ["images": .string("../elsewhere")]) { $0 }
    #expect(outside.contains("leads out of the folder ROOT; `images` names a place below root"), "\(outside)")
    let absent = try sentence(.rafDB, rafList, ["images": .string("Image/elsewhere")]) { $0 }
    #expect(absent == "ROOT/Image/elsewhere: there is no such folder; `images` names it")
  }

  @Test("RAF-DB: a share put aside is the same for any order of the classes, and train has the rest")
  func rafDBShare() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let written = try Layout.rafDB.write(folder)
    let share: [String: JSONValue] = ["validationShare": .double(0.5)]
    func ids(_ split: String, _ classes: [String], _ seed: Int = 1) throws -> Set<String> {
      Set(
        try Layout.rafDB.load(
          folder.path, split: split, classes: classes, share.merging(["seed": .int(seed)]) { $1 }
        ).samples.map(\.id))
    }
    let classes = ClassOrder.rafDB.names
    let validation = try ids("validation", classes)
    // Of two images of each class one is put aside.
    #expect(validation.count == 7)
    #expect(try ids("validation", classes.reversed()) == validation)
    #expect(
      try ids("train", classes)
        == Set(written.filter { $0.split == "train" }.map(\.id)).subtracting(validation))
    #expect(try (2..<6).contains { try ids("validation", classes, $0) != validation })
    #expect(
      problem { try Layout.rafDB.load(folder.path, split: "validation", classes: classes) }
        .contains("must be above 0 where split is"))
  }

  @Test("RAF-DB: whole photographs, and aligned images without the ending")
  func rafDBVariants() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try Layout.rafDB.write(folder)
    let names = (1...14).map { "train_000\($0 < 10 ? "0" : "")\($0).jpg" }
    try folder.copy("colour.jpg", to: names.map { "Image/original/\($0)" } + names.map { "bare/\($0)" })
    for more in [["variant": JSONValue.string("original")], ["images": .string("bare")]] {
      let loaded = try Layout.rafDB.load(folder.path, split: "train", classes: ClassOrder.rafDB.names, more)
      #expect(loaded.samples.map(\.id) == names)
    }
  }

  private static let landmarks = "91.4\t126.5\n179.0\t123.0\n133.0\t170.5\n100.5\t205.0\n175.0\t200.5\n"

  @Test("RAF-DB: gender, race and age come from the files beside, where there are any")
  func rafDBAttributes() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try Layout.rafDB.write(folder)
    let classes = ClassOrder.rafDB.names
    let without = try Layout.rafDB.load(folder.path, split: "train", classes: classes)
    #expect(without.samples.allSatisfy { $0.attributes.isEmpty } && without.notes.isEmpty)
    let attributes = ["train_00001": "1\n2\n4\n", "train_00002": "0\n1\n0\n", "train_00003": "2\n0\n2"]
    for (name, numbers) in attributes {
      try folder.write(Self.landmarks + numbers, to: "Annotation/manual/\(name)_manu_attri.txt")
    }
    let loaded = try Layout.rafDB.load(folder.path, split: "train", classes: classes)
    #expect(
      loaded.samples.prefix(4).map(\.attributes) == [
        ["gender": "female", "race": "Asian", "age": "70+"],
        ["gender": "male", "race": "African-American", "age": "0-3"],
        ["gender": "unsure", "race": "Caucasian", "age": "20-39"], [:],
      ])
    #expect(loaded.notes == ["images without a file of attributes: 11"])
  }

  @Test("RAF-DB: all that is wrong with files of attributes is told at once")
  func rafDBBadAttributes() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try Layout.rafDB.write(folder)
    for (number, text) in [
      (1, Self.landmarks + "3\n0\n0"), (2, Self.landmarks + "0\n-1\nold"), (3, Self.landmarks + "0\n0"),
      (4, Self.landmarks.replacing("91.4", with: "x") + "0\n0\n0"), (5, ""),
    ] {
      try folder.write(text, to: "Annotation/manual/train_0000\(number)_manu_attri.txt")
    }
    let shape = "should be five landmarks (x y), then a number each for gender, race and age"
    #expect(
      problem { try Layout.rafDB.load(folder.path, split: "train", classes: ClassOrder.rafDB.names) } == """
        \(folder.path)/Annotation/manual: 6 problems
          train_00001_manu_attri.txt: gender 3 is not in 0...2 (male, female, unsure)
          train_00002_manu_attri.txt: race -1 is not in 0...2 (Caucasian, African-American, Asian)
          train_00002_manu_attri.txt: age old is not in 0...4 (0-3, 4-19, 20-39, 40-69, 70+)
          train_00003_manu_attri.txt: \(shape)
          train_00004_manu_attri.txt: \(shape)
          train_00005_manu_attri.txt: is empty (0 bytes); fetch it again or remove it
        """)
  }

  // MARK: Aff-Wild2

  @Test(
    "Aff-Wild2: headers, labels and frames",
    arguments: [
      (
        "Train_Set/video46_left.txt", "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other\r\n", "",
        "video46_left.txt: the first row must name the classes, as in Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other; "
          + "it begins with \"5\""
      ),
      (
        "Train_Set/video46_left.txt", "Neutral,", "Neutral,Neutral,",
        "video46_left.txt: the first row must name the classes"
      ),
      (
        "Train_Set/video46_left.txt", "\r\n7", "\r\n8",
        "video46_left.txt line 4: label \"8\" is neither -1 nor in 0...7 (neutral, anger, "
          + "disgust, fear, happiness, sadness, surprise, other)"
      ),
      ("Train_Set/video46_left.txt", "\r\n6", "\r\n-5", "video46_left.txt line 3: label \"-5\" is neither"),
      (
        "Train_Set/video46_left.txt", "\r\n6", "\r\n6,6",
        "video46_left.txt line 3: has 2 fields, should have one"
      ),
      (
        "Train_Set/video46_left.txt", "\r\n6", "\r\n",
        "video46_left.txt line 3: label an empty field is neither"
      ),
      (
        "Train_Set/video46_left.txt", "\r\n6", "\r\nhappy",
        "video46_left.txt line 3: label \"happy\" is neither"
      ),
    ])
  func affWild2(file: String, part: String, changed: String, expected: String) throws {
    let text = try sentence(.affWild2, "EXPR_Classification_Challenge/\(file)") {
      $0.replacing(part, with: changed)
    }
    #expect(
      text.hasPrefix("ROOT/EXPR_Classification_Challenge/Train_Set: ") && text.contains(expected), "\(text)")
  }

  @Test("Aff-Wild2: the header's order decides, an unknown video has no frames, what is left out is counted")
  func affWild2Order() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try Layout.affWild2.write(folder)
    // In the header of an older challenge 1 is happiness.
    try folder.write(
      "Neutral,Happiness,Other\n1\n2\n0\n", to: "EXPR_Classification_Challenge/Train_Set/video46_left.txt")
    let loaded = try Layout.affWild2.load(folder.path, split: "train", classes: ClassOrder.affWild2.names)
    let labels = Dictionary(
      uniqueKeysWithValues: loaded.samples.map { ($0.id, ClassOrder.affWild2.names[$0.label]) })
    #expect(labels["video46_left/00001.jpg"] == "happiness" && labels["video46_left/00002.jpg"] == "other")
    #expect(loaded.notes.contains("frames labelled -1, ignored: 2"))
    #expect(loaded.notes.contains("labelled frames without a picture, left out: 1"))
    try folder.write("Neutral,Anger\n1\n", to: "EXPR_Classification_Challenge/Train_Set/unseen.txt")
    #expect(
      problem { try Layout.affWild2.load(folder.path, split: "train", classes: ClassOrder.affWild2.names) }
        == "\(folder.path)/EXPR_Classification_Challenge/Train_Set: unseen.txt has no folder of frames "
        + "\(folder.path)/cropped_aligned/unseen")
    #expect(AffWild2.group(of: "video46_left") == "video46" && AffWild2.group(of: "_left") == "_left")
  }

  // MARK: FER2013 and FER+

  @Test(
    "FER2013: columns, numbers and pixels",
    arguments: [
      (
        "emotion,pixels,Usage", "emotion,faces,Usage",
        "has no column \"pixels\"; the first row names emotion, faces, Usage"
      ),
      (
        "emotion,pixels,Usage", "mood,pixels,Usage",
        "has no column \"emotion\"; the first row names mood, pixels, Usage"
      ),
      (
        "emotion,pixels,Usage", "emotion,pixels,part",
        "has no column \"Usage\" that tells the splits; set split to \"all\""
      ),
      (
        "\n0,", "\n7,",
        "line 2: emotion \"7\" is not in 0...6 (anger, disgust, fear, happiness, sadness, surprise, neutral)"
      ),
      ("\n0,", "\n-1,", "line 2: emotion \"-1\" is not in 0...6"),
      ("\n0,", "\nhappy,", "line 2: emotion \"happy\" is not in 0...6"),
      ("\n1,\"1 ", "\n1,\"", "line 3: has 2303 pixels, should have 2304 (48x48)"),
      ("\n1,\"1 ", "\n1,\"1 1 ", "line 3: has more than 2304 pixels (48x48)"),
      ("\n1,\"1 ", "\n1,\"256 ", "line 3: pixel 1 is not in 0...255"),
      ("\n1,\"1 ", "\n1,\"-1 ", "line 3: pixel 1 is no whole number in 0...255"),
      ("\n1,\"1 ", "\n1,\"1.5 ", "line 3: pixel 1 is no whole number in 0...255"),
      ("\n1,\"1 ", "\n1,\"x ", "line 3: pixel 1 is no whole number in 0...255"),
      ("\n1,\"1 ", "\n1,\"00000000000000000000001 ", "line 3: pixel 1 is no whole number in 0...255"),
      ("\n1,\"1 ", "\n1,\"1,", "line 3: pixel 1 is no whole number in 0...255"),
      ("\n1,\"1 ", "\n1,2,\"1 ", "line 3: has 4 fields, the first row names 3"),
      (
        ",Training\n1,", ",Trainig\n1,",
        "line 2: Usage \"Trainig\" is none of Training, PublicTest, PrivateTest"
      ),
    ])
  func fer2013(part: String, changed: String, expected: String) throws {
    let text = try sentence(.fer2013Table, "fer2013.csv") {
      $0.replacing(part, with: changed, maxReplacements: 1)
    }
    #expect(text.hasPrefix("ROOT/fer2013.csv: ") && text.contains(expected), "\(text)")
  }

  @Test("FER2013: bad pixels are left out where that is allowed; faces come out as they were written")
  func fer2013Pixels() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try Layout.fer2013Table.write(folder)
    let path = folder.path + "/fer2013.csv"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try folder.write(text.replacing("\n1,\"1 ", with: "\n1,\"x "), to: "fer2013.csv")
    let skipping: [String: JSONValue] = ["onBadImage": .string("skip"), "skipUpTo": .double(0.2)]
    let loaded = try Layout.fer2013Table.load(
      folder.path, split: "train", classes: ClassOrder.fer2013.names, skipping)
    #expect(loaded.samples.map(\.id) == ["row 0", "row 2", "row 3", "row 4", "row 5", "row 6"])
    #expect(loaded.leftOut.map(\.description) == ["\(path): line 3: pixel 1 is no whole number in 0...255"])
    let image = try loaded.image(at: 1)
    #expect(image.width == 48 && image.height == 48)
    #expect(image.bytes[..<6] == [2, 2, 2, 128, 128, 128])
    let few: [String: JSONValue] = ["onBadImage": .string("skip"), "skipUpTo": .double(0.1)]
    #expect(
      problem {
        try Layout.fer2013Table.load(folder.path, split: "train", classes: ClassOrder.fer2013.names, few)
      }
      .hasSuffix("with it 1 of 7 images are bad, and skipUpTo allows 10.0 %"))
  }

  @Test("FER2013: a table without Usage is one split, and may be named itself")
  func fer2013Train() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    try folder.write("emotion,pixels\n3,\(Layout.pixels(9))\n0,\(Layout.pixels(8))", to: "train.csv")
    let options: JSONValue = .object(["root": .string(folder.path + "/train.csv"), "split": .string("all")])
    let loaded = try Layout.load("fer2013", options, ClassOrder.fer2013.names)
    #expect(loaded.samples.map(\.label) == [3, 0])
    #expect(try loaded.image(at: 0).bytes[0] == 9)
  }

  @Test(
    "FER+: the table of votes",
    arguments: [
      ("Image name", "Name", "has no column \"Image name\"; the first row names Usage, Name, neutral"),
      (",contempt,", ",scorn,", "has no column \"contempt\""),
      ("fer0000000.png,8,", "fer0000000.png,x,", "line 2: \"x\" is no number of votes for neutral"),
      ("fer0000000.png,8,", "fer0000000.png,-8,", "line 2: \"-8\" is no number of votes for neutral"),
      ("fer0000000.png,8,", "fer0000000.png,", "line 2: has 11 fields, the first row names 12"),
      ("fer0000001.png", "fer0000000.png", "line 3: fer0000000.png is listed twice, first in line 2"),
      ("fer0000001.png", "../../x.png", "line 3: \"../../x.png\" is no name of an image"),
      ("Training,fer0000001.png", "Testing,fer0000001.png", "line 3: Usage \"Testing\" is none of Training"),
    ])
  func ferPlus(part: String, changed: String, expected: String) throws {
    let text = try sentence(.ferPlusPixels, "fer2013new.csv") {
      $0.replacing(part, with: changed, maxReplacements: 1)
    }
    #expect(text.hasPrefix("ROOT/fer2013new.csv: ") && text.contains(expected), "\(text)")
  }

  @Test("FER+: rows of votes and pixels belong together, image files to names")
  func ferPlusPairs() throws {
    let fewer = try sentence(.ferPlusPixels, "fer2013.csv") { text in
      text.split(separator: "\n").dropLast().joined(separator: "\n")
    }
    #expect(
      fewer
        == "ROOT/fer2013.csv: has 32 rows, but ROOT/fer2013new.csv has 33; each row of one belongs to a row of the other"
    )
    let other = try sentence(.ferPlusPixels, "fer2013.csv") {
      $0.replacing("Training\n0,1 ", with: "PublicTest\n0,1 ")
    }
    #expect(
      other.hasPrefix(
        "ROOT/fer2013.csv: line 2: is for validation, but the same row of ROOT/fer2013new.csv is for train"))
    #expect(
      try sentence(.ferPlusPixels, "fer2013.csv") { _ in nil }
        == "ROOT: holds no file fer2013.csv, fer2013/fer2013.csv; say where it is with `images`")
    #expect(
      try sentence(.ferPlusPixels, "fer2013new.csv") { _ in nil }.contains("holds no file fer2013new.csv"))
    let short = try sentence(.ferPlusImages, "FER2013Train/label.csv") {
      $0.replacing(",8,1,", with: ",8,", maxReplacements: 1)
    }
    #expect(short.hasPrefix("ROOT/FER2013Train/label.csv: line 1: has 10 fields, should have 11"), "\(short)")
  }

  // MARK: AffectNet

  @Test(
    "AffectNet: the table",
    arguments: [
      (
        "subDirectory_filePath", "path",
        "has no column subDirectory_filePath; the first row names path, face_x"
      ),
      (
        "20.5;11;21,1,", "20.5;11;21,11,",
        "line 3: expression \"11\" is not in 0...7 (neutral, happiness, sadness, surprise, fear, "
          + "disgust, anger, contempt) or 8...10 (none, uncertain, no face)"
      ),
      ("20.5;11;21,1,", "20.5;11;21,happy,", "line 3: expression \"happy\" is not in 0...7"),
      ("20.5;11;21,1,", "1,", "line 3: has 8 fields, should have 9"),
      ("1/train1.jpg,", "1/train1.jpg,9,", "line 3: has 10 fields, should have 9"),
      (
        "1/train1.jpg", "../../secret.jpg",
        "line 3: the path \"../../secret.jpg\" leads out of the folder ROOT/Manually_Annotated_Images"
      ),
      (
        "1/train1.jpg", "/etc/passwd",
        "line 3: the path \"/etc/passwd\" is an absolute path outside of ROOT/Manually_Annotated_Images"
      ),
      (
        "1/train1.jpg", "0/train0.jpg",
        "line 3: 0/train0.jpg is listed twice, first in line 2 with expression 0, now 1"
      ),
      (
        "2/train11.jpg", "0/train0.jpg",
        "line 13: 0/train0.jpg is listed twice, first in line 2; set onDuplicate to \"first\""
      ),
      ("1/train1.jpg", "1/gone.jpg", "1/gone.jpg: cannot be opened: it does not exist"),
    ])
  func affectNet(part: String, changed: String, expected: String) throws {
    let text = try sentence(.affectNetTable, "training.csv") {
      $0.replacing(part, with: changed, maxReplacements: 1)
    }
    #expect(text.hasPrefix("ROOT/") && text.contains(expected), "\(text)")
  }

  @Test("AffectNet: faces are cut to their boxes, repeated rows taken once, numbers without a class counted")
  func affectNetFaces() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let written = try Layout.affectNetTable.write(folder)
    let path = folder.path + "/training.csv"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let lines = text.split(separator: "\n")
    try folder.write(text + lines[1] + "\n", to: "training.csv")
    let options: [String: JSONValue] = ["cropToFace": .bool(true), "onDuplicate": .string("first")]
    let loaded = try Layout.affectNetTable.load(
      folder.path, split: "train", classes: ClassOrder.affectNet.names, options)
    #expect(loaded.samples.count == written.count { $0.split == "train" })
    #expect(loaded.notes == ["no expression, uncertain or no face (8, 9, 10), left out: 3"])
    let whole = try ImageFile.decode(try fixture("colour.jpg"), name: "colour.jpg")
    let face = try loaded.image(at: 0)
    #expect(face == whole.cropped(x: 2, y: 1, width: 6, height: 5) && face.width == 6)
    try folder.write(text.replacing("train0.jpg,2,1,6,5", with: "train0.jpg,2000,1,6,5"), to: "training.csv")
    let outside = try Layout.affectNetTable.load(
      folder.path, split: "train", classes: ClassOrder.affectNet.names, ["cropToFace": .bool(true)])
    #expect(
      problem { try outside.image(at: 0) }.hasSuffix("the box of its face, 6x5 at 2000, 1, lies outside"))
  }

  @Test("AffectNet: annotations in arrays")
  func affectNetArrays() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    _ = try Layout.affectNetArrays.write(folder)
    let objects = try datasetFixture("numpy-refused.json", as: [[String: String]].self)[0]
    try folder.write(
      [UInt8](try #require(Data(base64Encoded: objects["file"] ?? ""))), to: "train_set/annotations/0_exp.npy"
    )
    try folder.write(Layout.textArray("11"), to: "train_set/annotations/7_exp.npy")
    try folder.write(Layout.textArray("sad"), to: "train_set/annotations/14_exp.npy")
    let text = problem {
      try Layout.affectNetArrays.load(folder.path, split: "train", classes: ClassOrder.affectNet.names)
    }
    #expect(
      text.hasPrefix(
        "\(folder.path)/train_set/annotations: 3 problems\n  0_exp.npy: is an array of Python objects"),
      "\(text)")
    #expect(text.contains("7_exp.npy: the expression 11 is not in 0...7"))
    #expect(text.contains("14_exp.npy: the expression (no single whole number) is not in"))
  }
}
