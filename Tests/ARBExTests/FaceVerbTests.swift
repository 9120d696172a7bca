import FERTools
import Foundation
import TestSupport
import Testing

@testable import ARBEx

@Suite("Faces in photographs: predict --faces and data crop", .serialized)
struct FaceVerbTests {
  private let folder = TestFolder()
  private let red = ["--set", "data.faces={ use: 'red', margin: 0.25 }"]
  /// Boxes of 24 x 24 and 16 x 20 pixels.
  private let boxes = [
    Box(left: 50, top: 30, right: 74, bottom: 54), Box(left: 10, top: 8, right: 26, bottom: 28),
  ]

  /// A run that nobody has trained; `two.png` with two faces, `one.png` with the first of them, `none.png`.
  init() throws {
    let recipe = try Recipe.load(
      path: ShippedRecipe.path("quickstart"), overrides: ["model.backbone.widths=[8,8,8,8]"],
      registry: try Registry.builtins())
    try StartBenchmark.writeUntrainedRun(recipe, to: folder / "run")
    for (name, boxes) in [("two", boxes), ("one", Array(boxes.prefix(1))), ("none", [])] {
      try write(photograph(width: 100, height: 80, boxes), name + ".png")
    }
  }

  private func write(_ image: Image, _ name: String) throws {
    let path = folder / name
    try FileSystem.makeFolder(PathText.folder(of: path))
    try Data(try ImageFile.encodePNG(image)).write(to: folder.url(name))
  }

  private func answer(_ words: String...) -> Answer { Answer(words, plugins: [RedFacesPlugin.self]) }

  private func predict(_ words: String..., faces: [String]? = nil) -> Answer {
    Answer(
      ["predict", folder / "run"] + words + ["--faces"] + (faces ?? red), plugins: [RedFacesPlugin.self])
  }

  private func objects(_ answer: Answer) throws -> [[String: Any]] {
    try answer.printed.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// With a margin of a quarter, a box of 24 pixels becomes 36 about the same middle, one of 16 x 20 becomes 30.
  @Test("each face is cut out and predicted as if it came alone; a photograph without one is told as such")
  func faces() throws {
    let told = predict(folder / "two.png", folder / "none.png", "--lines")
    #expect(told.code == 0 && told.remarks.hasSuffix("2 faces in 2 images\n"), "\(told.remarks)")
    let rows = try objects(told)
    try #require(rows.count == 3)
    #expect(rows.prefix(2).map { $0["face"] as? Int } == [1, 2])
    #expect(rows.prefix(2).map { $0["box"] as? [Int] } == [[50, 30, 24, 24], [10, 8, 16, 20]])
    #expect(rows[0]["score"] as? Double == 576 && rows[2]["faces"] as? Int == 0)
    let whole = photograph(width: 100, height: 80, boxes)
    try write(whole.cropped(x: 44, y: 24, width: 36, height: 36), "first.png")
    try write(whole.cropped(x: 3, y: 3, width: 30, height: 30), "second.png")
    let alone = try objects(
      Answer(["predict", folder / "run", folder / "first.png", folder / "second.png", "--lines"]))
    #expect(alone.map { $0["final"] as? [Double] } == rows.prefix(2).map { $0["final"] as? [Double] })

    let text = predict(folder / "one.png", folder / "none.png").output
    #expect(text.contains("one.png, face 1 at 50,30 (24x24): ") && text.hasSuffix("none.png: no face\n"))
    let json = try predict(folder / "none.png", folder / "one.png", "--json").json()
    #expect(json["faceless"] as? [String] == [folder / "none.png"])
    #expect((json["predictions"] as? [Any])?.count == 1)
    let table = predict(folder / "two.png", folder / "none.png", "--csv", "--smooth", "2").printed
    #expect(table.count == 3 && table[0].hasPrefix("image,face,left,top,width,height,score,track,class,"))
    #expect(
      table[1].contains("two.png,1,50,30,24,24,576.0,1,") && table[2].contains(",2,10,8,16,20,320.0,2,"))
    #expect(Set(table.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }).count == 1)
  }

  @Test("the picture is the photograph with a frame about each face; one for each photograph")
  func picture() throws {
    let large = photograph(width: 800, height: 500, [Box(left: 300, top: 200, right: 500, bottom: 400)])
    try write(large, "large.png")
    let path = folder / "out.png"
    #expect(predict(folder / "large.png", folder / "none.png", "--picture", path).code == 0)
    let shown = try ImageFile.decode(path: path)
    let second = try ImageFile.decode(path: folder / "out-2.png")
    #expect(shown.width == 800 && shown.height == 500 && second.width == 500)
    func colour(_ x: Int, _ y: Int) -> [UInt8] {
      Array(shown.bytes[(y * 800 + x) * 3..<(y * 800 + x) * 3 + 3])
    }
    // The frame's blue along the inside of the box, the photograph elsewhere.
    let blue: [UInt8] = [0x00, 0x72, 0xb2]
    for (x, y) in [(300, 300), (499, 300), (400, 399)] { #expect(colour(x, y) == blue, "at \(x), \(y)") }
    #expect(colour(400, 350) == [255, 0, 0] && colour(250, 300) == [128, 128, 128])
    #expect((300..<500).contains { colour($0, 190) == blue }, "the name stands on blue above the box")
  }

  @Test("which detector: the recipe's, or the first that runs here, which is told; none where that is wrong")
  func choice() throws {
    let usual = predict(folder / "one.png", "--lines", faces: [])
    #expect(
      usual.remarks.contains(
        "note: the recipe does not say how its faces were cut out; taken is data.faces={"))
    let unknown = predict(folder / "one.png", faces: ["--set", "data.faces={ use: 'rde' }"])
    #expect(
      unknown.code == 2
        && unknown.remarks.contains(
          "data.faces.use: no face detector is named \"rde\"; did you mean \"red\"?")
    )
    let wrong = predict(
      folder / "one.png", faces: ["--set", "data.faces={ use: 'red', margin: 3, colums: 1 }"])
    #expect(
      wrong.code == 2 && wrong.remarks.contains("data.faces.margin")
        && wrong.remarks.contains("did you mean \"columns\"?"))
    // A recipe may name what this build cannot run, and only who runs it is told.
    let named = ["--set", "data.faces={ use: 'dlib', points: '' }"]
    #expect(answer("recipe", "check", ShippedRecipe.path("quickstart"), named[0], named[1]).code == 0)
    let isBuiltIn = !answer("plugins", "list").output.contains("not in this build")
    let tried = predict(folder / "one.png", faces: named)
    #expect(tried.code == (isBuiltIn ? 0 : 2))
    if !isBuiltIn {
      #expect(
        tried.remarks.contains(
          "the face detector \"dlib\" is not in this build: build it with `make build FACES=1`"))
      #expect(answer("doctor").output.contains("dlib (does not work here: the face detector"))
    }
    #expect(answer("plugins", "describe", "red").output.contains("also: margin, use"))
    #expect(answer("plugins", "check", "red").code == 0)
  }

  @Test("data crop: folders and names stay, lists tell what had no face or several, and predict cuts alike")
  func crop() throws {
    for (name, count) in [
      ("train/happy/a.jpg", 1), ("train/happy/a.png", 2), ("train/sad/b", 1), ("test/sad/c.png", 0),
    ] {
      try write(photograph(width: 100, height: 80, Array(boxes.prefix(count))), "photos/" + name)
    }
    try Data("no image".utf8).write(to: folder.url("photos/test/sad/d.png"))
    try Data("notes".utf8).write(to: folder.url("photos/train/happy/notes.txt"))
    let words = [
      "data", "crop", folder / "photos", folder / "faces", "--detector", "red", "--margin", "0.25",
    ]
    let made = Answer(words, plugins: [RedFacesPlugin.self])
    #expect(made.code == 1 && made.remarks.contains("test/sad/d.png: is not an image"), "\(made.remarks)")
    #expect(made.output.contains("3 faces in ") && made.output.contains("1 with no face: test/sad/c.png"))
    #expect(made.output.contains("1 with several faces, the largest taken: train/happy/a.png"))
    let expected = ["train/happy/a.jpg.png", "train/happy/a.png.png", "train/sad/b.png"]
    let found = try #require(try ImageSearch.images(inFolder: folder / "faces"))
    #expect(found.files == expected.map { folder / "faces/" + $0 })
    #expect(
      try ImageFile.decode(path: found.files[1])
        == photograph(width: 100, height: 80, boxes).cropped(x: 44, y: 24, width: 36, height: 36))
    let list = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: folder.url("faces/crop.json")))
        as? [String: Any])
    #expect(
      list["without"] as? [String] == ["test/sad/c.png"]
        && list["several"] as? [String] == ["train/happy/a.png"])
    #expect((list["faces"] as? [String: Any])?["margin"] as? Double == 0.25)

    // Again, with a photograph gone: its face goes, too.
    try FileManager.default.removeItem(at: folder.url("photos/train/sad/b"))
    try FileManager.default.removeItem(at: folder.url("photos/test/sad/d.png"))
    let again = try Answer(words + ["--json"], plugins: [RedFacesPlugin.self]).json()
    #expect(again["cut"] as? Int == 2 && !FileSystem.exists(folder / "faces/train/sad/b.png"))
  }

  @Test("data crop refuses what is no dataset, what is not its own, and numbers out of range")
  func refused() throws {
    try write(photograph(width: 100, height: 80, boxes), "photos/happy/a.png")
    func crop(_ words: String...) -> Answer {
      Answer(["data", "crop"] + words + ["--detector", "red"], plugins: [RedFacesPlugin.self])
    }
    try write(photograph(width: 9, height: 9, []), "other/mine.png")
    for (words, message) in [
      ([folder / "absent", folder / "new"], "absent: there is no such folder"),
      ([folder / "other", folder / "new"], "must hold a folder of photographs for each class"),
      ([folder / "photos", folder / "other"], "other: is there already, and `data crop` did not make it"),
      ([folder / "photos", folder / "photos/faces"], "lies in the folder of the photographs"),
      ([folder / "photos", folder / "new", "--margin", "-1"], "--margin needs a number from 0 to 2"),
      ([folder / "photos", folder / "new", "--margin"], "--margin needs a value"),
    ] {
      let answer = Answer(["data", "crop"] + words + ["--detector", "red"], plugins: [RedFacesPlugin.self])
      #expect(answer.code == 2 && answer.remarks.contains(message), "\(answer.remarks)")
    }
    #expect(!FileSystem.exists(folder / "new"))
    #expect(
      answer("data", "crop", folder / "photos", folder / "new", "--detector", "blue").remarks.contains(
        "no face detector is named \"blue\""))
    // What somebody put beside the faces stays.
    #expect(crop(folder / "photos", folder / "faces").code == 0)
    try write(photograph(width: 9, height: 9, []), "faces/happy/mine.png")
    let kept = crop(folder / "photos", folder / "faces")
    #expect(kept.code == 2 && kept.remarks.contains("mine.png: lies where `data crop` would begin anew"))
  }
}
