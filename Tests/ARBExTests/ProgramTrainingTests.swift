import FERTools
import Foundation
import NeuralKit
import TestSupport
import Testing

/// Trainings as processes: nothing that happens to their streams or terminal ends them otherwise than well.
@Suite("Training as a process", .serialized)
struct ProgramTrainingTests {
  private let folder = TestFolder()

  /// Seconds of training for the program as tests build it; a checkpoint of some 100 kB.
  private func run(_ script: String) throws -> ChildProcess {
    let recipe = """
      { name: "small", classes: ["neutral", "happy", "sad"],
        data: { train: { use: "synthetic-faces", count: 12 },
          validation: { use: "synthetic-faces", split: "validation", count: 3 } },
        sampler: { use: "shuffled" }, input: { size: 32 },
        model: { backbone: { use: "resnet18", stem: "small", units: [1, 1, 1, 1], widths: [8, 8, 8, 8] },
          encoder: { use: "average-pool" }, head: { use: "linear" } },
        losses: { nll: {} },
        training: { epochs: 2, batch: 4, checkpointSteps: 1, optimizer: { use: "sgd", learningRate: 0.01 },
          schedule: { use: "constant" } } }
      """
    try Data(recipe.utf8).write(to: folder.url("small.json5"))
    return try ProgramRun.shell(
      """
      until_saved() { until [ -s $1/metrics.jsonl ] || ! kill -0 $!; do sleep 0.05; done; }
      long="--set training.epochs=10000 --set training.checkpointSteps=0"
      """ + "\n" + script, in: folder)
  }

  /// Every file of weights is whole, which its own digest tells.
  private func checkWeights(_ run: String) throws {
    for name in ["last", "best"] {
      try WeightFile(folder / "\(run)/checkpoints/\(name).safetensors").verifyDigest()
    }
  }

  @Test(
    "all streams closed, or nobody at the end of the pipe: it trains to its end, and no file is written into")
  func closedStreams() throws {
    let result = try run(
      """
      "$arbex" train small.json5 --out closed <&- >&- 2>&-; echo $?
      mkfifo pipe && { head -c 1 < pipe > /dev/null & } && exec 3> pipe && printf x >&3 && wait
      "$arbex" train small.json5 --out piped >&3 2>&3; echo $?
      "$arbex" train small.json5 --out full > /dev/full; echo $?
      """)
    #expect(result.output == "0\n0\n1\n", "\(result.remarks)")
    #expect(result.remarks.contains("arbex: standard output (/dev/full): cannot be written"))
    for run in ["closed", "piped", "full"] { try checkWeights(run) }
    let files = ["recipe.json5", "metrics.jsonl", "predictions.csv", "checkpoints/best.safetensors"]
    for file in files {
      let bytes = try ["closed", "piped", "full"].map { try Data(contentsOf: folder.url("\($0)/\(file)")) }
      #expect(bytes[0] == bytes[1] && bytes[1] == bytes[2] && !bytes[0].isEmpty, "\(file)")
    }
  }

  @Test(
    "a signal: the step is finished, all is saved; a batch system's: to be continued; a terminal that is gone changes nothing"
  )
  func signals() throws {
    let result = try run(
      """
      "$arbex" train small.json5 $long --out first > /dev/full 2> /dev/full &
      until_saved first; kill -TERM $!; wait $!; echo $?
      "$arbex" train small.json5 $long --out second >&- 2>&- &
      until_saved second; kill -HUP $!; wait $!; echo $?
      trap '' HUP
      "$arbex" train small.json5 $long --out third &
      until_saved third; kill -HUP $!; kill -USR1 $!; wait $!; echo $?
      """)
    #expect(result.output == "75\n129\n75\n", "\(result.remarks)")
    #expect(result.remarks.contains("interrupted, and saved at step"))
    for run in ["first", "second", "third"] {
      try WeightFile(folder / "\(run)/checkpoints/last.safetensors").verifyDigest()
    }
  }

  /// The limit stands for the disk: a write beyond it fails in the same way, with EFBIG.
  @Test(
    "a checkpoint for which there is no room: 1, the file's name, and the next start finds nothing broken")
  func noRoom() throws {
    let result = try run(
      """
      (ulimit -f 40; "$arbex" train small.json5 --out tight); echo $?
      "$arbex" train small.json5 --out stopped --max-steps 2 > /dev/null 2>&1; echo $?
      (ulimit -f 40; "$arbex" train stopped --resume); echo $?
      "$arbex" train stopped --resume > /dev/null 2>&1; echo $?
      """)
    #expect(result.output == "1\n0\n1\n0\n", "\(result.remarks)")
    let sentence =
      "last.safetensors: cannot be written: it would be larger than the process or file system allows"
    #expect(result.remarks.components(separatedBy: sentence).count == 3, "\(result.remarks)")
    try checkWeights("stopped")
    #expect(folder.names().allSatisfy { !$0.hasPrefix(".arbex-partial") })
  }
}
