import FERCore
import Foundation
import NeuralKit
import TestSupport
import Testing

@testable import FERTraining

@Suite("calibrate, and embeddings of eval", .serialized)
struct CalibrateVerbTests {
  /// −ln of the given class's tempered probability, the mean over a table of predictions.
  private func loss(_ rows: [[String: String]], _ name: String, _ temperature: Double) -> Double {
    rows.reduce(0) { sum, row in
      let weights = ColouredFaces.classes.map {
        pow(Double(row["\(name) \($0)"] ?? "") ?? .nan, 1 / temperature)
      }
      let label = ColouredFaces.classes.firstIndex { $0 == row["class"] } ?? 0
      return sum - log(weights[label] / weights.reduce(0, +))
    } / Double(rows.count)
  }

  @Test("fits on validation, measures on test, stores beside the weights; eval and predict apply it")
  func wholeWay() throws {
    let faces = try ColouredFaces(["train": 12, "validation": 10, "test": 9], wrong: 1)
    let run = faces.folder / "run"
    #expect(faces.arbex("train", faces.recipe, "--out", run, "--set", "training.epochs=4").code == 0)
    #expect(faces.arbex("eval", run, "--split", "test", "--json").remarks.isEmpty)
    let (plain, test) = (faces.table("run/predictions.csv"), faces.table("run/predictions-test.csv"))
    let untouched = faces.bytes("run/predictions-test.csv")
    let weights = run + "/checkpoints/best.safetensors"
    let old = try [UInt8](Data(contentsOf: URL(fileURLWithPath: weights)))

    let told = faces.arbex("calibrate", run)
    #expect(told.code == 0 && told.remarks.contains("nothing was stored"), "\(told.remarks)")
    #expect(
      told.output.contains("fitted on the validation images (30); measured on the test images (27)"),
      "\(told.output)")
    #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: weights))) == old)

    let answer = faces.arbex("calibrate", run, "--store", "--json")
    #expect(answer.code == 0 && answer.remarks.isEmpty, "\(answer.remarks)")
    let json = try answer.json()
    #expect(json["stored"] as? String == weights && json["halved"] as? Bool == false)
    let rows = try #require(json["distributions"] as? [[String: Any]])
    #expect(rows.map { $0["name"] as? String } == ["primary", "final"])
    for row in rows {
      let (name, found) = (row["name"] as? String ?? "", row["temperature"] as? Double ?? 0)
      // No temperature beside it is better on validation; the numbers of test are those of its table.
      let least = loss(plain, name, found)
      #expect(loss(plain, name, found * 1.001) > least && loss(plain, name, found / 1.001) > least)
      for (key, temperature) in [("before", 1), ("after", found)] {
        let score = row[key] as? [String: Any]
        #expect(isClose(score?["nll"] as? Double, loss(test, name, temperature)))
      }
    }
    // The numbers behind the header are the same bytes.
    let new = try [UInt8](Data(contentsOf: URL(fileURLWithPath: weights)))
    let numbers = { (file: [UInt8]) in
      Array(file[(8 + file[..<8].reversed().reduce(0) { $0 << 8 | Int($1) })...])
    }
    #expect(new != old && numbers(new) == numbers(old))

    let tempered = faces.arbex("eval", run, "--split", "test")
    #expect(
      tempered.code == 0 && tempered.remarks.contains("tempered: primary by T = "), "\(tempered.remarks)")
    let temperature = rows[1]["temperature"] as? Double ?? 0
    for (row, before) in zip(faces.table("run/predictions-test.csv"), test) {
      #expect(row["final"] == before["final"] && row["primary"] == before["primary"])
      #expect(ColouredFaces.classes.allSatisfy { row["tiny \($0)"] == before["tiny \($0)"] })
      let weights = ColouredFaces.classes.map {
        pow(Double(before["final \($0)"] ?? "") ?? .nan, 1 / temperature)
      }
      #expect(isClose(Double(row["final red"] ?? ""), weights[0] / weights.reduce(0, +)))
    }
    let object = try faces.arbex("eval", run, "--split", "test", "--json").json()
    #expect((object["temperatures"] as? [String: Double])?["final"] == temperature)
    #expect(
      faces.arbex("eval", run, "--split", "test", "--uncalibrated").remarks.contains("tempered") == false)
    #expect(faces.bytes("run/predictions-test.csv") == untouched)

    let face = faces.folder / "faces/test/red/face-5.png"
    let predicted = faces.arbex("predict", run, face, "--json")
    #expect(predicted.remarks.contains("tempered: primary"))
    let own = faces.arbex("predict", run, face, "--json", "--uncalibrated")
    #expect(own.remarks.isEmpty && own.output != predicted.output)

    // What is stored changes nothing about the next fit, and goes with an export.
    let again = try faces.arbex("calibrate", run, "--json").json()["distributions"] as? [[String: Any]]
    #expect(again?.map { $0["temperature"] as? Double } == rows.map { $0["temperature"] as? Double })
    #expect(faces.arbex("weights", "export", run, "--out", faces.folder / "e.safetensors").code == 0)
    #expect(
      try WeightFile(faces.folder / "e.safetensors").metadata["temperatures"]
        == WeightFile(weights).metadata["temperatures"])
  }

  @Test("without a test set half of the validation images fit, and the other half tells")
  func halves() throws {
    let faces = try ColouredFaces(["train": 6, "validation": 8])
    let run = faces.folder / "run"
    #expect(faces.arbex("train", faces.recipe, "--out", run, "--set", "training.epochs=2").code == 0)
    let answer = faces.arbex("calibrate", run)
    #expect(
      answer.code == 0
        && answer.output.contains(
          "fitted on half of the validation images (12); measured on the other half (12)"),
      "\(answer.output)\(answer.remarks)")
    #expect(faces.arbex("calibrate", run, "--on", "test").code == 2)
    #expect(faces.arbex("calibrate", run, "--on", "tset").remarks.contains("arbex calibrate --help"))
    #expect(faces.arbex("calibrate", faces.recipe).code == 2)
  }

  @Test("a file of others is not changed; temperatures that are none are told")
  func stored() throws {
    let folder = TestFolder()
    let file = try folder.file(
      header:
        #"{"__metadata__":{"temperatures":"{\"primary\":1,\"final\":0}"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      [0, 0, 0, 0])
    let before = try Data(contentsOf: URL(fileURLWithPath: file))
    #expect(throws: RunProblem.self) { try Temperatures(primary: 1, final: 2).store(in: file) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
    let problem = #expect(throws: (any Error).self) { _ = try Temperatures(in: WeightFile(file)) }
    #expect("\(try #require(problem))".contains("what are no two temperatures"))
  }

  @Test("embeddings of all images, in the order of the predictions")
  func embeddings() throws {
    let faces = try ColouredFaces(["train": 6, "validation": 5])
    let run = faces.folder / "run"
    #expect(faces.arbex("train", faces.recipe, "--out", run, "--set", "training.epochs=1").code == 0)
    let (first, second) = (faces.folder / "all.npy", faces.folder / "small.npy")
    #expect(faces.arbex("eval", run, "--embeddings", first, "--json").code == 0)
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: first)))
    #expect(
      String(decoding: bytes[10..<128], as: UTF8.self).contains("'shape': (15, 6), }")
        && bytes.count == 128 + 15 * 6 * 4)
    // One at a time gives the same, so rows are images.
    #expect(
      faces.arbex("eval", run, "--embeddings", second, "--set", "training.validationBatch=1", "--json").code
        == 0)
    #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: second))) == bytes)
    let missing = faces.arbex("eval", run, "--embeddings", faces.folder / "none/e.npy")
    #expect(missing.code == 2 && missing.remarks.contains("none/e.npy: there is no folder "))
  }
}
