import Foundation
import NeuralKit

/// What people and machines do to a run: other threads when it is resumed, another's checkpoint in its place, files that
/// change under the reader, two signals one after the other, batches that do not fit.
enum Mishaps {
  typealias Trial = Surroundings.Trial

  static let all: [Trial] =
    [
      Trial(name: "B9 resumed with other threads") { laboratory, run in
        let command = "\"$0\" train \(laboratory.recipe) --out \(run)"
        let end = try laboratory.shell(
          "ARBEX_THREADS=1 \(command) --max-steps 2 && ARBEX_THREADS=4 \(command) --resume --max-steps 4 "
            + "&& ARBEX_THREADS=2 \(command) --resume", scratch: run + ".told")
        return end.code == 0 ? laboratory.difference(run) : "\(end.ending); \(end.lastWords)"
      },
      Trial(name: "A11 another run's checkpoint") { laboratory, run in
        let flags = ["--max-steps", "2"]
        for (folder, seed) in [(run, "1"), (run + "-other", "2")] {
          let words = ["train", laboratory.recipe, "--out", folder, "--set", "seed=\(seed)"] + flags
          let end = try laboratory.arbex(words, scratch: run + ".told")
          guard end.code == 0 else { return "\(end.ending); \(end.lastWords)" }
        }
        defer { laboratory.remove(run + "-other") }
        for name in ["last", "previous"] {
          let path = "/checkpoints/\(name).safetensors"
          try FileManager.default.removeItem(atPath: run + path)
          try FileManager.default.copyItem(atPath: run + "-other" + path, toPath: run + path)
        }
        let end = try laboratory.train(run, resume: true).end
        return end.code == 1 || end.code == 2
          ? nil : "a checkpoint of another seed was taken without a word: \(end.ending); \(end.lastWords)"
      },
      Trial(name: "D10 weights that name code and files") { laboratory, run in
        let best = laboratory.folder + "/reference/run/checkpoints/best.safetensors"
        let (file, marker) = (try WeightFile(best), run + "-marker")
        var metadata = file.metadata
        metadata["recipe"] = """
          { extends: "\(marker)", _target_: "os.system", plugins: ["\(marker).so"], model: { backbone: { use: "os.system",
            weights: "/etc/passwd" } }, auto_map: { AutoModel: "touch \(marker)" } }
          """
        metadata["source"] = "$(touch \(marker)); `touch \(marker)`"
        let tensors = try file.names.map { ($0, try file.tensor($0)) }
        try WeightFile.write(
          Dictionary(uniqueKeysWithValues: tensors), metadata: metadata, to: run + ".safetensors")
        defer { try? FileManager.default.removeItem(atPath: run + ".safetensors") }
        let image = laboratory.project + "/Tests/Fixtures/Images/grey1.png"
        let answers = try [best, run + ".safetensors"].map { weights in
          try laboratory.arbex(
            ["predict", laboratory.recipe, image, "--csv", "--weights", weights], scratch: run + ".told")
        }
        guard answers.allSatisfy({ $0.code == 0 }) else {
          return answers.map { "\($0.ending); \($0.lastWords)" }.joined()
        }
        guard !FileManager.default.fileExists(atPath: marker) else {
          return "something that the file names was run"
        }
        return answers[0].output == answers[1].output
          ? nil : "what the file says of itself changed the answer"
      },
      Trial(name: "D13 a file that changes while it is read") { laboratory, run in
        let whole = laboratory.folder + "/reference/run/checkpoints/last.safetensors"
        let end = try laboratory.shell(
          """
          cp \(whole) \(run)
          (while :; do : > \(run); cat \(whole) > \(run); done) & writer=$!
          worst=0
          for round in $(seq 40); do
            "$0" weights inspect \(run) > /dev/null; code=$?; [ $code -gt $worst ] && worst=$code
          done
          kill $writer; exit $worst
          """, scratch: run + ".told")
        return end.code.map { $0 <= 2 } == true ? nil : "\(end.ending); \(end.lastWords)"
      },
    ]
    + [0.1, 0.2, 0.3, 0.4, 0.5].map { time in
      Trial(name: "J2 SIGTERM after \(time) s, SIGKILL behind it") { laboratory, run in
        _ = try laboratory.shell(
          "\"$0\" train \(laboratory.recipe) --out \(run) & run=$!; sleep \(time); kill -TERM $run; sleep 0.01; kill -9 $run; wait $run",
          scratch: run + ".told")
        return try laboratory.goOn(run)
      }
    }
    + [1, 7, 23, 24, 1000].map { batch in
      // 24 images: batches of one, with a rest of three and of one, the whole set, and more than there is.
      Trial(name: "F7 batches of \(batch)") { laboratory, run in
        let words = ["train", laboratory.recipe, "--out", run, "--set", "training.batch=\(batch)"]
        let end = try laboratory.arbex(words, scratch: run + ".told")
        guard end.code == 0 || end.code == 1 || end.code == 2, end.code == 0 || end.remarks.contains(" ")
        else {
          return "\(end.ending); \(end.lastWords)"
        }
        return nil
      }
    }
}
