import ARBEx
import Foundation
import Testing

/// Runs of recipes that come with the program, by the command line, on a few pictures with bars: twenty-four images in
/// batches of 8, three steps an epoch, two epochs, a checkpoint after each step, and each step noted.
package final class ShippedRuns {
  /// Where the runs lie.
  package let folder = TestFolder()
  private let small = [
    "data.train={ use: \"bars\", count: 24 }", "data.validation={ use: \"bars\", count: 8 }",
    "training.epochs=2", "training.batch=8", "training.checkpointSteps=1", "training.logSteps=1",
  ]

  package init() {}

  /// Runs `arbex` with these overrides.
  package func arbex(_ arguments: [String], set changes: [String] = []) -> Answer {
    Answer(arguments + changes.flatMap { ["--set", $0] }, plugins: [BarsPlugin.self])
  }

  /// Trains a recipe to the run of that name.
  package func train(_ recipe: String, _ name: String, _ more: [String], _ flags: String...) -> Answer {
    arbex(["train", ShippedRecipe.path(recipe), "--out", folder / name] + flags, set: small + more)
  }

  /// A file below the folder.
  package func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: folder / name) }

  /// Trains the run "whole" at once, and "split", stopped in the first epoch and again in the second, and resumed from the
  /// folder alone: both hold the same bytes.
  package func expectResumes(_ recipe: String, _ more: [String]) {
    let whole = train(recipe, "whole", more)
    #expect(whole.code == 0, "\(whole.remarks)")
    #expect(train(recipe, "split", more, "--max-steps", "2").output.contains("stopped after step 2"))
    #expect(
      train(recipe, "split", more, "--resume", "--max-steps", "4").output.contains("stopped after step 4"))
    let last = arbex(["train", folder / "split", "--resume"])
    #expect(last.code == 0, "\(last.remarks)")
    for file in [
      "checkpoints/last.safetensors", "checkpoints/best.safetensors", "metrics.jsonl", "predictions.csv",
    ] {
      #expect(bytes("whole/" + file) == bytes("split/" + file) && bytes("whole/" + file) != nil, "\(file)")
    }
  }
}
