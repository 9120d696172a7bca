import FERData
import Foundation
import TestSupport
import Testing

/// From the command line, what decides whether a run goes on, and from what it begins.
@Suite("The life of a run", .serialized)
final class RunLifeTests {
  private let folder = TestFolder()
  private let recipe: String
  private var happy: String { folder / "d/happy/1.png" }

  init() throws {
    recipe = folder / "small.json5"
    for (label, name) in ["angry", "happy", "sad"].enumerated() {
      try FileManager.default.createDirectory(
        atPath: folder / "d/\(name)", withIntermediateDirectories: true)
      for number in 1...3 {
        try ImageFile.writePNG(Bars.picture(label), path: folder / "d/\(name)/\(number).png")
      }
    }
    let text = """
      {
        seed: 3, classes: ["angry", "happy", "sad"],
        data: { train: { use: "class-folders", root: "d" }, validation: { use: "class-folders", root: "d" } },
        input: { size: 32, normalize: "half" }, sampler: { use: "shuffled" },
        model: {
          backbone: { use: "resnet18", widths: [4, 4, 4, 4], units: [0, 1, 1, 1] },
          encoder: { use: "average-pool" }, head: { use: "linear" },
        },
        losses: { "cross-entropy": {} },
        training: {
          epochs: 1, batch: 3, logSteps: 1,
          optimizer: { use: "adam", learningRate: 0.002 }, schedule: { use: "constant" },
        },
      }
      """
    try text.write(toFile: recipe, atomically: true, encoding: .utf8)
  }

  private func train(_ name: String, _ more: String...) -> Answer {
    Answer(["train", recipe, "--out", folder / name] + more)
  }

  private func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: folder / name) }

  @Test("one image's bytes change, size and time of writing stay: the resuming names it and ends with 2")
  func changedBytes() throws {
    #expect(train("whole").code == 0)
    let stopped = train("run", "--max-steps", "1")
    #expect(
      stopped.output.hasSuffix("go on with: arbex train \(folder / "run") --resume\n"), "\(stopped.output)")
    let image = try #require(FileManager.default.contents(atPath: happy))
    let date = try FileManager.default.attributesOfItem(atPath: happy)[.modificationDate]
    var other = image
    // Within a chunk's checksum; the picture is then one that cannot be read, which nobody asks before.
    other[other.count - 20] ^= 1
    try other.write(to: URL(fileURLWithPath: happy))
    try FileManager.default.setAttributes([.modificationDate: date as Any], ofItemAtPath: happy)
    let refused = arbex("train", folder / "run", "--resume")
    #expect(refused.code == 2)
    let sentence = "train: happy/1.png: has changed; still \(image.count) bytes"
    #expect(refused.remarks.contains(sentence) && refused.remarks.contains("--anyway"), "\(refused.remarks)")
    try image.write(to: URL(fileURLWithPath: happy))
    // The same images elsewhere, and files that were only touched, are the same.
    try FileManager.default.copyItem(atPath: folder / "d", toPath: folder / "e")
    let moved = arbex(
      "train", folder / "run", "--resume", "--set", "data.train.root=\(folder / "e")", "--set",
      "data.validation.root=\(folder / "e")")
    #expect(moved.code == 0, "\(moved.remarks)")
    for file in ["metrics.jsonl", "predictions.csv", "data.jsonl"] {
      #expect(bytes("run/" + file) == bytes("whole/" + file) && bytes("run/" + file) != nil, "\(file)")
    }
  }

  @Test("files added and removed, another folder of other images: each is named")
  func otherFiles() throws {
    #expect(train("run", "--max-steps", "1").code == 0)
    try FileManager.default.copyItem(atPath: folder / "d", toPath: folder / "e")
    try FileManager.default.removeItem(atPath: folder / "e/sad/2.png")
    try FileManager.default.copyItem(atPath: happy, toPath: folder / "e/sad/9.png")
    let refused = train("run", "--resume", "--set", "data.train.root=\(folder / "e")")
    #expect(refused.code == 2)
    #expect(
      refused.remarks.contains("train: sad/2.png: is missing\n  train: sad/9.png: was not there"),
      "\(refused.remarks)")
    #expect(!refused.remarks.contains("validation: "))
  }

  @Test("the folder that a kill before the first checkpoint leaves: a start and a resuming both begin anew")
  func killedAtOnce() throws {
    #expect(train("whole").code == 0)
    for (name, more) in [("one", []), ("two", ["--resume"])] {
      try FileManager.default.createDirectory(
        atPath: folder / "\(name)/checkpoints", withIntermediateDirectories: true)
      try Data().write(to: folder.url("\(name)/lock"))
      let bare = arbex("train", folder / name, "--resume")
      #expect(bare.code == 2 && bare.remarks.contains("train RECIPE --out \(folder / name) --resume"))
      #expect(Answer(["train", recipe, "--out", folder / name] + more).code == 0)
      #expect(bytes("\(name)/metrics.jsonl") == bytes("whole/metrics.jsonl"))
    }
    try FileManager.default.createDirectory(
      atPath: folder / "three/checkpoints", withIntermediateDirectories: true)
    try Data().write(to: folder.url("three/lock"))
    try FileManager.default.copyItem(
      atPath: folder / "whole/recipe.json5", toPath: folder / "three/recipe.json5")
    #expect(arbex("train", folder / "three", "--resume").code == 0)
    #expect(bytes("three/metrics.jsonl") == bytes("whole/metrics.jsonl"))
  }

  @Test(
    "more epochs from the command line; the end tells epoch, accuracy and weights, eval which weights it used"
  )
  func moreEpochs() throws {
    #expect(train("whole", "--set", "training.epochs=2").code == 0)
    #expect(train("run").code == 0)
    #expect(arbex("train", folder / "run", "--resume").output.contains("is already complete"))
    let longer = arbex("train", folder / "run", "--resume", "--set", "training.epochs=2")
    #expect(longer.code == 0)
    #expect(longer.output.contains("\nbest epoch: "))
    #expect(longer.output.contains("\nbest weights: \(folder / "run/checkpoints/best.safetensors")\n"))
    for file in ["checkpoints/last.safetensors", "checkpoints/best.safetensors", "metrics.jsonl"] {
      #expect(bytes("run/" + file) == bytes("whole/" + file) && bytes("run/" + file) != nil, "\(file)")
    }
    #expect(arbex("reproduce", folder / "run").code == 0)
    let judged = arbex("eval", folder / "run")
    #expect(judged.remarks.contains("best.safetensors (the best, of epoch "), "\(judged.remarks)")
    let last = arbex(
      "eval", folder / "run", "--weights", folder / "run/checkpoints/last.safetensors", "--out",
      folder / "eval")
    #expect(last.remarks.contains("(the last, of epoch 2, step 6)"), "\(last.remarks)")
  }

  @Test("--init-from a run: its best weights, kept in the new run and reproduced")
  func initFrom() throws {
    #expect(train("one").code == 0)
    #expect(train("tuned", "--init-from", folder / "one").code == 0)
    let path = folder / "one/checkpoints/best.safetensors"
    let environment = String(decoding: bytes("tuned/environment.json") ?? Data(), as: UTF8.self)
    #expect(environment.contains("model.initialWeights: was not there, is"))
    #expect(bytes("tuned/metrics.jsonl") != bytes("one/metrics.jsonl"))
    #expect(arbex("reproduce", folder / "tuned").code == 0)
    #expect(train("tuned", "--resume", "--init-from", path).code == 2)
    #expect(train("none", "--init-from", folder / "d").remarks.contains("is a folder, and no run"))
    #expect(train("none", "--init-from", folder / "absent").code == 2)
    try FileManager.default.copyItem(atPath: recipe, toPath: folder / "no-weights")
    #expect(train("none", "--init-from", folder / "no-weights").code == 2)
    // A start that failed does not stand in the way of the next.
    #expect(train("none", "--init-from", path, "--max-steps", "1").code == 0)
  }

  @Test("both checkpoints damaged: 1, both are named, and nothing begins anew")
  func damaged() throws {
    #expect(train("run", "--max-steps", "2").code == 0)
    for name in ["last", "previous"] {
      let url = folder.url("run/checkpoints/\(name).safetensors")
      try Data(try Data(contentsOf: url).dropLast(9)).write(to: url)
    }
    for words in [
      ["train", folder / "run", "--resume"], ["train", recipe, "--out", folder / "run", "--resume"],
    ] {
      let told = Answer(words)
      #expect(told.code == 1 && told.remarks.contains("last.safetensors: "), "\(told.remarks)")
      #expect(told.remarks.contains("previous.safetensors: "))
    }
    #expect(train("run").code == 2)
  }

  @Test(
    "roots that are not there: told at once by recipe check, and refused by train before anything is read")
  func missingRoots() throws {
    let sets = ["--set", "data.train.root=/no/a", "--set", "data.validation.root=/no/b"]
    let check = Answer(["recipe", "check", recipe] + sets)
    #expect(check.code == 0)
    let lines = ["data.train.root: there is no /no/a", "data.validation.root: there is no /no/b"]
    #expect(check.remarked == lines.map { "warning: command line: " + $0 })
    let json = try Answer(["recipe", "check", recipe, "--json"] + sets).json()
    #expect((json["warnings"] as? [[String: Any]])?.count == 2 && json["valid"] as? Bool == true)
    let refused = Answer(["train", recipe, "--out", folder / "none"] + sets)
    #expect(refused.code == 2 && lines.allSatisfy(refused.remarks.contains), "\(refused.remarks)")
    #expect(!FileManager.default.fileExists(atPath: folder / "none"))
    let teacher = arbex(
      "recipe", "check", recipe, "--set", "labels=[{ use: \"teacher\", model: \"/no/run\" }]")
    #expect(teacher.remarks.contains("labels[0].model: there is no /no/run"))
    #expect(arbex("recipe", "check", recipe).remarked.isEmpty)
  }

  /// resnet18 with these widths has 4·3·7·7 and 2·4 in the stem and the head 4·3 + 3; with the options of old gone, 64 channels
  /// and more.
  @Test("a component that --set puts in another's place: what went with the old one, and the sizes")
  func swapped() throws {
    let told = arbex("recipe", "check", recipe, "--set", "model.backbone.use=resnet50")
    #expect(
      told.remarked.first
        == "note: model.backbone: \"resnet50\" takes the place of \"resnet18\", whose options go with it: "
        + "units [0, 1, 1, 1], widths [4, 4, 4, 4]")
    // ResNet-50 without its classifier has 23,508,032 parameters (torchvision); the head 2048·3 + 3.
    #expect(told.remarked.last?.hasSuffix("-> 23508032, head 15 -> 6147)") == true, "\(told.remarks)")
    #expect(arbex("recipe", "check", recipe, "--set", "model.backbone.widths=[4,4,4,8]").remarked.isEmpty)
  }

  @Test("a run of another program's components: told by its name")
  func otherProgram() throws {
    #expect(train("run", "--max-steps", "1").code == 0)
    let own = folder.url("run/environment.json")
    let text = try String(contentsOf: own, encoding: .utf8)
    #expect(text.contains("\"modules\": [") && text.contains("\"command\": \""))
    let path = folder.url("run/recipe.json5")
    try String(contentsOf: path, encoding: .utf8).replacing("\"resnet18\"", with: "\"mine\"").write(
      to: path, atomically: true, encoding: .utf8)
    #expect(!arbex("eval", folder / "run").remarks.contains("program"))
    try text.replacing("\"ResNet\"", with: "\"Mine\"")
      .replacing(/"command": "[^"]*"/, with: "\"command\": \"my-arbex\"")
      .write(to: own, atomically: true, encoding: .utf8)
    let told = arbex("eval", folder / "run")
    #expect(told.code == 2)
    #expect(
      told.remarks.contains(
        "this run was made by the program \"my-arbex\", which has components of Mine that arbex does not have"
      ),
      "\(told.remarks)")
  }
}
