import ARBEx
import Foundation
import TestSupport
import Testing

@Suite("train, eval and predict from the command line", .serialized)
final class TrainingVerbTests {
  private let folder = NSTemporaryDirectory() + "arbex-verbs-\(UUID().uuidString)"
  private let recipe = ShippedRecipe.path("quickstart")
  private let small = [
    "--set", "data.train={ use: \"bars\", count: 24 }", "--set",
    "data.validation={ use: \"bars\", count: 8 }",
    "--set", "input.augment=[]", "--set", "training.epochs=2", "--set", "training.batch=8",
  ]

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func arbex(_ arguments: String...) -> Answer { Answer(arguments, plugins: [BarsPlugin.self]) }

  private func train(_ name: String, _ more: String...) -> Answer {
    Answer(["train", recipe, "--out", "\(folder)/\(name)"] + small + more, plugins: [BarsPlugin.self])
  }

  private func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: "\(folder)/\(name)") }

  @Test("train, stop, resume, evaluate, predict")
  func wholeWay() throws {
    #expect(train("whole").code == 0)
    #expect(train("split", "--max-steps", "2").output.contains("stopped after step 2"))
    let other = train("split", "--resume", "--set", "training.batch=4")
    #expect(other.code == 2 && other.remarks.contains("training.batch: was 8, is 4"))
    #expect(arbex("train", "\(folder)/split", "--resume").code == 0)
    for file in [
      "checkpoints/last.safetensors", "checkpoints/best.safetensors", "metrics.jsonl", "predictions.csv",
    ] {
      #expect(bytes("whole/" + file) == bytes("split/" + file) && bytes("whole/" + file) != nil, "\(file)")
    }
    #expect(train("whole").code == 2)
    #expect(train("whole", "--resume").output.contains("already complete"))

    let evaluated = arbex("eval", "\(folder)/whole", "--json")
    #expect(evaluated.code == 0 && evaluated.remarks.isEmpty)
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any])
    #expect(json["images"] as? Int == 8)
    #expect(arbex("eval", "\(folder)/whole", "--split", "test").code == 2)
    #expect(arbex("eval", "\(folder)/whole", "--split", "tset").code == 2)

    let picture = try ImageFile.encodePNG(Bars.picture(3))
    try Data(picture).write(to: URL(fileURLWithPath: folder + "/good.png"))
    try Data("no image".utf8).write(to: URL(fileURLWithPath: folder + "/bad.png"))
    let (good, bad, run) = (folder + "/good.png", folder + "/bad.png", folder + "/whole")
    #expect(arbex("predict", run, good).code == 0)
    let mixed = arbex("predict", run, bad, good, "--json")
    #expect(mixed.code == 1 && mixed.remarks.contains("bad.png"))
    let found = try #require(
      try JSONSerialization.jsonObject(with: Data(mixed.output.utf8)) as? [String: Any])
    let rows = try #require(found["predictions"] as? [[String: Any]])
    #expect(rows.count == 1 && (rows[0]["final"] as? [Double])?.count == 7)
    #expect(arbex("predict", run, bad).code == 2)
    let best = URL(fileURLWithPath: run + "/checkpoints/best.safetensors")
    let whole = try Data(contentsOf: best)
    var bytes = whole
    bytes[bytes.count - 400] ^= 1
    try bytes.write(to: best)
    let damaged = arbex("predict", run, good, "--json")
    #expect(
      damaged.code == 2 && damaged.output.isEmpty && damaged.remarks.contains("is damaged"),
      "\(damaged.remarks)")
    try whole.write(to: best)
    #expect(arbex("predict", run, folder + "/absent.png").code == 2)
    let withoutWeights = arbex("predict", recipe, good)
    #expect(withoutWeights.code == 2 && withoutWeights.remarks.contains("no trained weights"))
  }

  @Test(
    "a run whose recipe an older version stored, without the options that are new, goes on to the same bytes")
  func olderRecipe() throws {
    #expect(train("new").code == 0)
    #expect(train("old", "--max-steps", "2").code == 0)
    let path = folder + "/old/recipe.json5"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let old = text.replacing(/\s*"logSteps": \d+,/, with: "")
    #expect(old.count < text.count)
    try old.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(train("old", "--resume").code == 0)
    for file in ["checkpoints/last.safetensors", "metrics.jsonl", "predictions.csv", "epochs.csv"] {
      #expect(bytes("old/" + file) == bytes("new/" + file) && bytes("new/" + file) != nil, "\(file)")
    }
  }

  /// Two images of each class and a cut one: 1 of 15 is bad.
  @Test("bad images: named in the run and by eval, kept in quarantine, and resumed to the same bits")
  func badImages() throws {
    let data = folder + "/data"
    let classes = ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger"]
    for (label, name) in classes.enumerated() {
      try FileManager.default.createDirectory(atPath: "\(data)/\(name)", withIntermediateDirectories: true)
      for number in 1...2 {
        try ImageFile.writePNG(Bars.picture(label), path: "\(data)/\(name)/\(number).png")
      }
    }
    let whole = try ImageFile.encodePNG(Bars.picture(1))
    try Data(whole.prefix(whole.count - 30)).write(to: URL(fileURLWithPath: data + "/sad/cut.png"))
    let set = { (policy: String) in
      ["train", "validation"].flatMap { split in
        [
          "--set",
          "data.\(split)={ use: \"class-folders\", root: \"\(data)\", onBadImage: \"\(policy)\", skipUpTo: 0.1 }",
        ]
      } + ["--set", "input.augment=[]", "--set", "training.epochs=2", "--set", "training.batch=8"]
    }
    func start(_ name: String, _ policy: String, _ more: String...) -> Answer {
      Answer(["train", recipe, "--out", "\(folder)/\(name)"] + set(policy) + more)
    }
    let failed = start("fail", "fail")
    #expect(failed.code == 2 && failed.remarks.contains("sad/cut.png: is cut off"), "\(failed.remarks)")
    #expect(start("skip", "skip").code == 0)
    #expect(
      String(decoding: bytes("skip/bad-images.txt") ?? Data(), as: UTF8.self).contains(
        "\(data)/sad/cut.png: is cut off"))
    #expect(!FileManager.default.fileExists(atPath: data + "/quarantine.txt"))
    #expect(start("split", "quarantine", "--max-steps", "2").code == 0)
    let list = try String(contentsOfFile: data + "/quarantine.txt", encoding: .utf8)
    #expect(list.hasSuffix("sad/cut.png\tis cut off: the PNG data end before the picture does\n"), "\(list)")
    #expect(start("split", "quarantine", "--resume").code == 0)
    #expect(start("known", "quarantine").code == 0)
    for name in ["split", "known"] {
      #expect(
        bytes(name + "/predictions.csv") == bytes("skip/predictions.csv")
          && bytes("skip/predictions.csv") != nil, "\(name)")
    }
    let evaluated = arbex("eval", "\(folder)/known", "--json")
    #expect(
      evaluated.code == 0
        && evaluated.remarks.contains("1 image could not be read and was left out:\n  \(data)/sad/cut.png"))
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any])
    #expect(json["images"] as? Int == 14 && (json["unreadable"] as? [String])?.count == 1)
  }

  @Test("a smoke run leaves nothing behind")
  func smoke() {
    // Somebody's own run may be there: `make quickstart` leaves one.
    let folder = {
      (try? FileManager.default.attributesOfItem(atPath: "runs/quickstart"))?[.modificationDate] as? Date
    }
    let before = folder()
    let answer = Answer(["train", recipe, "--smoke"] + small, plugins: [BarsPlugin.self])
    #expect(answer.code == 0, "\(answer.remarks)")
    #expect(answer.output.contains("ms per image to train") && answer.output.contains("peak memory"))
    #expect(folder() == before)
  }

  @Test("resuming nothing, or a run without --resume, is refused")
  func refusals() throws {
    #expect(train("absent", "--resume").code == 2)
    #expect(!FileManager.default.fileExists(atPath: folder + "/absent"))
    #expect(train("short", "--max-steps", "1").code == 0)
    #expect(arbex("train", folder + "/short").remarks.contains("--resume"))
    #expect(train("bad", "--max-steps", "0").code == 2)
  }
}
