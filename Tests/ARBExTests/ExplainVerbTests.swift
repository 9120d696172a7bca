import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import NeuralKit
import TestSupport
import Testing

@testable import ARBEx

@Suite("explain: what it takes and what it tells", .serialized)
struct ExplainVerbTests {
  private let folder = TestFolder()
  private var run: String { folder / "run" }
  private var face: String { folder / "faces/1.png" }

  /// A run that nobody has trained, of twelve training faces, and pictures: faces/1.png, faces/deep/1.png, faces/bad.jpg.
  init() throws {
    try FileManager.default.createDirectory(atPath: folder / "faces/deep", withIntermediateDirectories: true)
    try untrained("quickstart", at: run, "data.train.count=12", "data.train.identities=4")
    for (index, name) in ["1.png", "deep/1.png"].enumerated() {
      try ImageFile.writePNG(Bars.picture(index), path: folder / "faces/\(name)")
    }
    try Data("no image".utf8).write(to: folder.url("faces/bad.jpg"))
  }

  private func untrained(_ name: String, at path: String, _ overrides: String...) throws {
    let recipe = try Recipe.shipped(name, overrides, registry: try .builtins())
    try StartBenchmark.writeUntrainedRun(recipe, to: path)
  }

  private func explanations(_ arguments: String...) throws -> [[String: Any]] {
    let answer = Answer(["explain"] + arguments + ["--json"])
    #expect(answer.code == 0, "\(answer.remarks)")
    return try #require(try answer.json()["explanations"] as? [[String: Any]])
  }

  @Test("a picture and numbers for each image; what cannot be read is named; the second of a name is NAME-2")
  func files() throws {
    let answer = arbex("explain", run, folder / "faces")
    #expect(
      answer.code == 1 && answer.remarks.contains("1 of 3 images could not be used"), "\(answer.remarks)")
    #expect(answer.remarks.contains("faces/bad.jpg: is not an image"))
    let names = try FileManager.default.contentsOfDirectory(atPath: run + "/explanations").sorted()
    #expect(names == ["1-2.json", "1-2.png", "1.json", "1.png", "training-faces.safetensors"])
    let picture = try ImageFile.decode(path: run + "/explanations/1.png")
    #expect(picture.width > 1000 && picture.height > 1500)
    #expect(answer.output.contains("nearest anchors: ") && answer.output.contains("nearest training faces: "))
    #expect(answer.output.contains("written: \(run)/explanations/1-2.png and .json"))
  }

  @Test("JSON: the numbers of predict to the bit, maps with their shapes, weights that sum to 1")
  func numbers() throws {
    let told = try #require(try explanations(run, face).first)
    let predicted = try #require(
      try arbex("predict", run, face, "--json").json()["predictions"] as? [[String: Any]])
    let distributions = try #require(told["distributions"] as? [[String: Any]])
    #expect(distributions.map { $0["name"] as? String } == ["primary", "anchor", "attentive", "final"])
    #expect(distributions[3]["probabilities"] as? [Double] == predicted[0]["final"] as? [Double])
    #expect(told["class"] as? String == predicted[0]["class"] as? String)
    let weights = distributions.compactMap { $0["weight"] as? Double }
    #expect(weights.count == 3 && abs(weights.reduce(0, +) - 1) < 1e-6)
    #expect((distributions[1]["moved"] as? [Double])?.count == 7)
    let levels = try #require(told["activation"] as? [[String: Any]])
    #expect(levels.map { $0["shape"] as? [Int] } == [[32, 32], [16, 16], [8, 8]])
    for level in levels {
      let map = try #require(level["map"] as? [[Double]])
      #expect(map.count == map[0].count && map.joined().allSatisfy { $0 >= 0 })
    }
    let attention = try #require(told["attention"] as? [[String: Any]])
    #expect(attention.map { $0["name"] as? String } == (1...3).map { "attention-level-\($0)" })
    let anchors = try #require(told["anchors"] as? [[String: Any]])
    let distances = anchors.compactMap { $0["distance"] as? Double }
    #expect(distances.count == 5 && distances == distances.sorted())
    #expect(anchors.allSatisfy { ($0["trainingFaces"] as? [Any])?.count == 5 })
    #expect((told["trainingFaces"] as? [[String: Any]])?.count == 5)
    let explained = try #require(told["explained"] as? [String: Any])
    #expect(
      explained["of"] as? String == "final" && explained["class"] as? String == told["class"] as? String)
    let file =
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.url("run/explanations/1.json"))) as? NSDictionary
    #expect(file == NSDictionary(dictionary: told))
  }

  @Test("another class, the head's distribution, fewer neighbours, another folder")
  func choices() throws {
    let out = folder / "elsewhere"
    let told = try #require(
      try explanations(
        run, face, "--class", "sadness", "--of", "primary", "--neighbours=2", "--out", out
      ).first)
    let explained = try #require(told["explained"] as? [String: Any])
    #expect(explained["class"] as? String == "sad" && explained["of"] as? String == "primary")
    #expect((told["anchors"] as? [Any])?.count == 2 && (told["trainingFaces"] as? [Any])?.count == 2)
    #expect(FileManager.default.fileExists(atPath: out + "/1.png"))
    let other = try #require(try explanations(run, face, "--class", "happy", "--no-training-faces").first)
    #expect((other["trainingFaces"] as? [Any])?.isEmpty == true)
    let maps = [told, other].map { ($0["activation"] as? [[String: Any]])?.last?["map"] as? [[Double]] }
    #expect(maps[0] != nil && maps[0] != maps[1])
  }

  @Test("wrong requests end with 2 and say what would be right")
  func problems() throws {
    for (arguments, text) in [
      ([run, face, "--class", "hapy"], "knows no class \"hapy\"; did you mean \"happy\"?"),
      ([run, face, "--of", "both"], "--of explains \"final\" or \"primary\""),
      ([run, face, "--neighbours", "0"], "at least 1"),
      ([run, face, "--neighbours", "1001"], "at most 1000"),
      ([run, folder / "none.png"], "does not exist"), ([folder.path, face], "is not a file"),
      ([run, face, "--out", face], "is a file, not a folder"),
    ] {
      let answer = Answer(["explain"] + arguments)
      #expect(answer.code == 2 && answer.remarks.contains(text), "\(answer.remarks)")
    }
  }

  @Test("embeddings of the training faces are kept for the same weights and images")
  func cache() throws {
    let kept = folder.url("run/explanations/training-faces.safetensors")
    let first = try explanations(run, face)
    let bytes = try Data(contentsOf: kept)
    let time = try FileManager.default.attributesOfItem(atPath: kept.path)[.modificationDate] as? Date
    #expect(NSArray(array: try explanations(run, face)) == NSArray(array: first))
    #expect(try FileManager.default.attributesOfItem(atPath: kept.path)[.modificationDate] as? Date == time)
    // Another set, and a damaged file: made anew.
    let fewer = try #require(try explanations(run, face, "--set", "data.train.count=3").first)
    #expect((fewer["trainingFaces"] as? [Any])?.count == 3)
    var damaged = bytes
    damaged[damaged.count - 1] ^= 1
    try damaged.write(to: kept)
    #expect(NSArray(array: try explanations(run, face)) == NSArray(array: first))
    #expect(try Data(contentsOf: kept) == bytes)
  }

  @Test("where the training set is not at hand, that part is left out and said so")
  func withoutTrainingSet() throws {
    let answer = arbex(
      "explain", run, face, "--set", #"data.train={use:"class-folders", root:"\#(folder / "gone")"}"#)
    #expect(answer.code == 0)
    #expect(answer.remarks.contains("the nearest training faces are left out: "), "\(answer.remarks)")
    #expect(answer.output.contains("nearest anchors: ") && !answer.output.contains("nearest training faces"))
  }

  @Test(
    "every system of the catalogue: maps of all levels, and what its encoder lets be seen",
    arguments: [
      ("fer2013/resnet18", 3, 0), ("fer2013/scn", 3, 0), ("fer2013/rul", 3, 0),
      ("fer2013/efficientface", 3, 0),
      ("fer2013/poster", 3, 1), ("fer2013/posterpp", 3, 3), ("fer2013/apvit", 2, 0), ("fer2013/ran", 1, 0),
      ("fer2013", 3, 3),
    ])
  func systems(_ name: String, _ levels: Int, _ attention: Int) throws {
    let path = folder / "system"
    try untrained(name, at: path)
    let told = try #require(try explanations(path, face, "--no-training-faces").first)
    let maps = try #require(told["activation"] as? [[String: Any]])
    #expect(
      maps.count == levels && maps.allSatisfy { $0["problem"] == nil }, "\(maps.map { $0["shape"] ?? "" })")
    #expect((told["attention"] as? [Any])?.count == attention)
    let views = told["views"] as? [[Double]]
    #expect(views?.count == (name.hasSuffix("ran") ? 4 : nil))
    if views != nil { #expect((maps[0]["shape"] as? [Int])?.first == 4) }
    #expect(try ImageFile.decode(path: path + "/explanations/1.png").height > 300)
  }
}
