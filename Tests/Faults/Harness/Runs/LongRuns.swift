import Foundation
import Support

/// What shows only after a while: memory, files and threads that grow, and whether anything is learned.
enum LongRuns {
  typealias Trial = Surroundings.Trial

  static let all: [Trial] = [
    Trial(name: "B12 fifty resumes") { laboratory, run in
      let flags = ["--set", "training.epochs=17"]
      let whole = try laboratory.arbex(
        ["train", laboratory.recipe, "--out", run + "-whole"] + flags, scratch: run + ".told")
      guard whole.code == 0 else { return "\(whole.ending); \(whole.lastWords)" }
      defer { laboratory.remove(run + "-whole") }
      for step in 1...51 {
        let resumed = step == 1 ? flags : ["--resume"] + flags
        let limit = step == 51 ? [] : ["--max-steps", "\(step)"]
        let end = try laboratory.arbex(
          ["train", laboratory.recipe, "--out", run] + resumed + limit, scratch: run + ".told")
        guard end.code == 0 else { return "step \(step): \(end.ending); \(end.lastWords)" }
      }
      let files = Laboratory.results.filter {
        FileManager.default.contents(atPath: run + "/" + $0)
          != FileManager.default.contents(atPath: run + "-whole/" + $0)
      }
      return files.isEmpty ? nil : "differs in \(files.joined(separator: ", "))"
    },
    Trial(name: "J7 three thousand steps") { laboratory, run in
      let flags = [
        "training.epochs=1000", "training.validateEvery=1000", "training.checkpointSteps=500",
        "training.logSteps=100",
      ]
      let (end, held) = try Subprocess.watched(
        laboratory.program, ["train", laboratory.recipe, "--out", run] + flags.flatMap { ["--set", $0] },
        scratch: run + ".told", patience: 600)
      guard end.code == 0 else { return "\(end.ending); \(end.lastWords)" }
      let checkpoints = try FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints").sorted()
      guard checkpoints == ["best.safetensors", "last.safetensors", "previous.safetensors"] else {
        return "checkpoints/ holds \(checkpoints)"
      }
      return Growth.problem(held)
    },
    Trial(name: "E15 ten thousand pictures, whole and damaged") { laboratory, run in
      let fixtures = laboratory.project + "/Tests/Fixtures/Images"
      let names = try FileManager.default.contentsOfDirectory(atPath: fixtures).filter {
        !$0.hasSuffix(".json") && !$0.hasSuffix(".py")
      }
      try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
      for number in 0..<10_000 {
        let name = names[number % names.count]
        symlink(fixtures + "/" + name, run + "/\(number)-\(name)")
      }
      let (end, held) = try Subprocess.watched(
        laboratory.program, ["predict", laboratory.folder + "/reference/run", run, "--csv"],
        scratch: run + ".told",
        patience: 600)
      guard end.code == 0 || end.code == 1 else { return "\(end.ending); \(end.lastWords)" }
      return Growth.problem(held)
    },
    Trial(name: "F9 a table of a million rows") { laboratory, run in
      try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
      let rows = (0..<1_000_000).map { "faces/\($0).png,\(["happy", "sad", "neutral"][$0 % 3])\n" }
      try Data(("path,label\n" + rows.joined()).utf8).write(to: URL(fileURLWithPath: run + "/faces.csv"))
      let set = "data={ train: { use: \"manifest\", file: \"\(run)/faces.csv\" } }"
      let (end, held) = try Subprocess.watched(
        laboratory.program, ["data", "check", laboratory.recipe, "--set", set], scratch: run + ".told",
        patience: 300)
      // None of the faces is there, which is the answer; a row may take 1.5 KB.
      let memory = held.map(\.memory).max() ?? 0
      guard end.code == 1 || end.code == 2, (end.output + end.remarks).contains(" ") else {
        return "\(end.ending); \(end.lastWords)"
      }
      return memory < 1500 ? nil : "it took \(Int(memory)) MB"
    },
    Trial(name: "G11 eight pictures are learned by heart") { laboratory, run in
      let flags = [
        "data.train.count=9", "data.train.identities=9", "input.augment=[]", "model.head.dropout=0",
        "losses.nll.smoothing=0", "model.corrections.anchor=null", "losses.anchor=null", "training.ema=0",
        "training.epochs=150", "training.batch=9", "training.validateEvery=150", "training.checkpointSteps=0",
        "training.optimizer.learningRate=0.02",
      ]
      let end = try laboratory.arbex(
        ["train", laboratory.recipe, "--out", run] + flags.flatMap { ["--set", $0] }, scratch: run + ".told")
      guard end.code == 0 else { return "\(end.ending); \(end.lastWords)" }
      guard let loss = lastNumber("\"loss\":", "\"event\": \"epoch\"", of: run) else {
        return "no loss in metrics.jsonl"
      }
      return loss < 0.1 ? nil : "the loss of the last epoch is \(loss)"
    },
    // Two of three labels are exchanged for one of the two others, so that a label says nothing of its face. Of 300 faces
    // a third is guessed, give or take four deviations of 2.7 %.
    Trial(name: "G12 labels without meaning") { laboratory, run in
      let flags = [
        "data.train.count=120", "data.train.labelNoise=0.6666667", "data.validation.count=300",
        "training.epochs=6",
        "training.batch=24", "training.checkpointSteps=0",
      ]
      let end = try laboratory.arbex(
        ["train", laboratory.recipe, "--out", run] + flags.flatMap { ["--set", $0] }, scratch: run + ".told")
      guard end.code == 0 else { return "\(end.ending); \(end.lastWords)" }
      guard let accuracy = lastNumber("\"accuracy\":", "\"validation\"", of: run) else {
        return "no accuracy in metrics.jsonl"
      }
      return abs(accuracy - 1 / 3.0) < 0.109 ? nil : "the accuracy is \(accuracy), which nobody can have"
    },
  ]

  /// The number behind a key in the last line of metrics.jsonl that holds a word.
  private static func lastNumber(_ key: String, _ word: String, of run: String) -> Double? {
    guard let text = try? String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8),
      let line = text.split(separator: "\n").last(where: { $0.contains(word) && $0.contains(key) }),
      let place = line.range(of: key)
    else { return nil }
    return Double(line[place.upperBound...].drop { $0 == " " }.prefix { $0.isNumber || "+-.eE".contains($0) })
  }
}
