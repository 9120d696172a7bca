import ARBEx
import Foundation
import TestSupport
import Testing

/// Compared systems from the command line: interrupted in the middle of an epoch and resumed, and what people get to see.
@Suite("RAN and EfficientFace as runs", .serialized)
final class SystemRunTests {
  private let folder = NSTemporaryDirectory() + "arbex-systems-\(UUID().uuidString)"
  /// Twenty-four images in batches of 8: three steps an epoch. Numbers are drawn by views and augmentations.
  private let small = [
    "data.train={ use: \"bars\", count: 24 }", "data.validation={ use: \"bars\", count: 8 }",
    "training.epochs=2", "training.batch=8", "training.checkpointSteps=1",
  ]

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func arbex(_ arguments: [String], set changes: [String] = []) -> Answer {
    Answer(arguments + changes.flatMap { ["--set", $0] }, plugins: [BarsPlugin.self])
  }

  private func train(_ recipe: String, _ name: String, _ more: [String], _ flags: String...) -> Answer {
    arbex(["train", ShippedRecipe.path(recipe), "--out", "\(folder)/\(name)"] + flags, set: small + more)
  }

  private func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: "\(folder)/\(name)") }

  /// Stopped in the first epoch and again in the second, and resumed from the folder alone.
  private func expectResumes(_ recipe: String, _ more: [String]) {
    let whole = train(recipe, "whole", more)
    #expect(whole.code == 0, "\(whole.remarks)")
    #expect(train(recipe, "split", more, "--max-steps", "2").output.contains("stopped after step 2"))
    #expect(
      train(recipe, "split", more, "--resume", "--max-steps", "4").output.contains("stopped after step 4"))
    let last = arbex(["train", "\(folder)/split", "--resume"])
    #expect(last.code == 0, "\(last.remarks)")
    for file in [
      "checkpoints/last.safetensors", "checkpoints/best.safetensors", "metrics.jsonl", "predictions.csv",
    ] {
      #expect(bytes("whole/" + file) == bytes("split/" + file) && bytes("whole/" + file) != nil, "\(file)")
    }
  }

  @Test("RAN with random regions, resumed in mid-epoch twice, ends with the same bytes; its evidence is told")
  func regions() throws {
    let more = [
      "input.views={ use: \"regions\", crops: \"random\", count: 3 }", "input.size=16",
      "model.backbone.widths=[8, 8, 8, 16]",
    ]
    expectResumes("fer2013/ran", more)
    let header = String(decoding: bytes("whole/predictions.csv") ?? Data(), as: UTF8.self)
      .prefix { $0 != "\r\n" }
    #expect(header.contains("region-weights") && header.contains("relation-weights"), "\(header)")

    try Data(try ImageFile.encodePNG(Bars.picture(3))).write(to: URL(fileURLWithPath: folder + "/face.png"))
    let told = arbex(["predict", "\(folder)/whole", folder + "/face.png", "--lines"])
    let row = try #require(
      try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any], "\(told.remarks)")
    let evidence = try #require(row["evidence"] as? [String: Any])
    for key in ["region-weights", "relation-weights"] {
      let weights = try #require(evidence[key] as? [Double])
      #expect(weights.count == 4 && abs(weights.reduce(0, +) - 1) < 1e-5)
    }
  }

  @Test(
    "EfficientFace under a teacher, resumed in mid-epoch twice, ends with the same bytes; afterwards nobody needs the teacher"
  )
  func teacher() throws {
    let network = [
      "input.size=16", "model.backbone.widths=[8, 8, 8, 8, 16]", "model.backbone.units=[1, 1, 1]",
    ]
    let teacher = network + ["labels=null", "losses={ \"label-distribution\": null, \"cross-entropy\": {} }"]
    #expect(train("fer2013/efficientface", "teacher", teacher, "--max-steps", "3").code == 0)
    expectResumes(
      "fer2013/efficientface", network + ["labels=[{ use: \"teacher\", model: \"\(folder)/teacher\" }]"])
    let plain = train("fer2013/efficientface", "plain", network + ["labels=null"])
    #expect(plain.code == 0)
    #expect(bytes("plain/checkpoints/last.safetensors") != bytes("whole/checkpoints/last.safetensors"))

    #expect(arbex(["train", "\(folder)/split", "--resume"]).output.contains("already complete"))
    let half = train(
      "fer2013/efficientface", "half",
      network + ["labels=[{ use: \"teacher\", model: \"\(folder)/teacher\" }]"],
      "--max-steps", "2")
    #expect(half.code == 0)
    // Another teacher in its place: the run is not gone on with.
    try FileManager.default.removeItem(atPath: folder + "/teacher/checkpoints/last.safetensors")
    try FileManager.default.copyItem(
      atPath: folder + "/plain/checkpoints/last.safetensors",
      toPath: folder + "/teacher/checkpoints/last.safetensors")
    for name in ["best", "previous"] {
      try? FileManager.default.removeItem(atPath: "\(folder)/teacher/checkpoints/\(name).safetensors")
    }
    let other = arbex(["train", "\(folder)/half", "--resume"])
    #expect(other.code == 2 && other.remarks.contains("changed"), "\(other.remarks)")
    try FileManager.default.removeItem(atPath: folder + "/teacher")
    #expect(arbex(["eval", "\(folder)/whole"]).code == 0)
    let gone = train(
      "fer2013/efficientface", "gone",
      network + ["labels=[{ use: \"teacher\", model: \"\(folder)/teacher\" }]"])
    #expect(gone.code == 2 && gone.remarks.contains("teacher"), "\(gone.remarks)")
  }
}
