import Foundation
import TestSupport
import Testing

@Suite("EfficientFace interrupted and resumed")
struct ResumeTests {
  private let runs = ShippedRuns()

  @Test("under a teacher: resumed twice, the same bytes; afterwards nobody needs the teacher")
  func teacher() throws {
    let network = [
      "input.size=16", "model.backbone.widths=[8, 8, 8, 8, 16]", "model.backbone.units=[1, 1, 1]",
    ]
    let teacher = network + ["labels=null", "losses={ \"label-distribution\": null, \"cross-entropy\": {} }"]
    let taught = network + ["labels=[{ use: \"teacher\", model: \"\(runs.folder / "teacher")\" }]"]
    #expect(runs.train("fer2013/efficientface", "teacher", teacher, "--max-steps", "3").code == 0)
    runs.expectResumes(
      "fer2013/efficientface",
      taught)
    let plain = runs.train("fer2013/efficientface", "plain", network + ["labels=null"])
    #expect(plain.code == 0)
    #expect(
      runs.bytes("plain/checkpoints/last.safetensors") != runs.bytes("whole/checkpoints/last.safetensors"))

    #expect(runs.arbex(["train", runs.folder / "split", "--resume"]).output.contains("already complete"))
    let half = runs.train(
      "fer2013/efficientface", "half",
      taught,
      "--max-steps", "2")
    #expect(half.code == 0)
    // Another teacher in its place: the run is not gone on with.
    try FileManager.default.removeItem(atPath: runs.folder / "teacher/checkpoints/last.safetensors")
    try FileManager.default.copyItem(
      atPath: runs.folder / "plain/checkpoints/last.safetensors",
      toPath: runs.folder / "teacher/checkpoints/last.safetensors")
    for name in ["best", "previous"] {
      try? FileManager.default.removeItem(atPath: runs.folder / "teacher/checkpoints/\(name).safetensors")
    }
    let other = runs.arbex(["train", runs.folder / "half", "--resume"])
    #expect(other.code == 2 && other.remarks.contains("changed"), "\(other.remarks)")
    try FileManager.default.removeItem(atPath: runs.folder / "teacher")
    #expect(runs.arbex(["eval", runs.folder / "whole"]).code == 0)
    let gone = runs.train(
      "fer2013/efficientface", "gone",
      taught)
    #expect(gone.code == 2 && gone.remarks.contains("teacher"), "\(gone.remarks)")
  }
}
