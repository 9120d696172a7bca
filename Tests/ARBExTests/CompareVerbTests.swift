import ARBEx
import Foundation
import TestSupport
import Testing

/// Runs of the quickstart on a few pictures with bars: two seeds of it, and one without corrections.
@Suite("compare from the command line", .serialized)
final class CompareVerbTests {
  private let runs = ShippedRuns()
  private var folder: TestFolder { runs.folder }

  private func train(_ names: String...) {
    let plain = [
      "model.corrections.anchor=null", "model.corrections.attentive=null", "losses.anchor=null",
      "losses.term-nll=null", "losses.center=null",
    ]
    let changes = ["a2": ["seed=2"], "average": ["training.ema=0.5"], "plain": plain]
    for name in names {
      let answer = runs.train("quickstart", name, changes[name] ?? [])
      #expect(answer.code == 0, "\(answer.remarks)")
    }
  }

  private func compare(_ names: [String], _ more: String...) -> Answer {
    runs.arbex(["compare"] + names.map { folder / $0 } + ["--out", folder / "page.html"] + more)
  }

  private var page: String { (try? String(contentsOfFile: folder / "page.html", encoding: .utf8)) ?? "" }

  @Test("tables, page and maps of groups over seeds")
  func whole() throws {
    train("a1", "a2", "plain")
    let answer = compare(["a1", "a2", "plain"], "--csv", folder / "table.csv")
    #expect(answer.code == 0, "\(answer.remarks)")
    for text in [
      "Runs\n", "validation final accuracy", "Differences of the recipes\n", "model.corrections.anchor.use",
      "mean ± standard deviation over seeds", "a*", "Difference to a*, 95 % interval", "single runs",
      "McNemar's test", "Davies-Bouldin", "note: best weights were chosen on these validation images",
      "of one seed alone, so nobody knows how much chance there is in it: plain",
    ] { #expect(answer.output.contains(text), "\(text)\n\(answer.output)") }
    #expect(answer.remarks == "written: \(folder / "page.html"), \(folder / "table.csv")\n")
    for text in ["<h2>Validation accuracy over epochs</h2>", ">Final<", "<h2>Embeddings as maps</h2>"] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(page.components(separatedBy: "<figure>").count - 1 == 3)
    let rows = try String(contentsOfFile: folder / "table.csv", encoding: .utf8).split(separator: "\r\n")
    #expect(rows.count == 4 && rows[1].hasPrefix("a1,\(folder / "a1"),a*,1,best,"))
  }

  @Test("tables of predictions tell the same as the weights; where they are of others, they are refused")
  func predictions() throws {
    train("a1", "a2", "plain")
    let (evaluated, read) = (
      compare(["a1", "a2", "plain"], "--no-embeddings", "--json"),
      compare(["a1", "a2", "plain"], "--predictions", "--json")
    )
    #expect(evaluated.code == 0 && read.code == 0 && read.remarks.isEmpty, "\(read.remarks)")
    let (one, other) = (try evaluated.json(), try read.json())
    for key in ["groups", "tests", "recipeDifferences", "runs"] {
      let values = [one, other].map { $0[key] as? [[String: Any]] }
      #expect(
        values[0].map { $0 as NSArray } == values[1].map { $0 as NSArray } && values[0] != nil, "\(key)")
    }
    #expect(!page.contains("Embeddings"))
    #expect((other["notes"] as? [String])?.first?.contains("predictions.csv") == true)
    let last = compare(["a1"], "--predictions", "--weights", "last")
    #expect(last.code == 2 && last.remarks.contains("leave out --predictions"), "\(last.remarks)")

    let path = folder / "a1/predictions.csv"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    var lines = text.components(separatedBy: "\r\n")
    lines[1] = lines[1].replacing(/^([^,]*),[^,]*/) { "\($0.1),anger" }
    try lines.joined(separator: "\r\n").write(toFile: path, atomically: true, encoding: .utf8)
    let refused = compare(["a1", "a2"], "--predictions")
    #expect(
      refused.code == 2 && refused.remarks.contains("a1/predictions.csv: is not of the run's best weights"))
  }

  /// What `metrics.jsonl` says of the last validation is what the last weights are worth.
  @Test("last weights, also where a running average was validated")
  func last() throws {
    train("a1", "average")
    let answer = try compare(["a1", "average"], "--weights", "last", "--no-embeddings", "--json").json()
    let told = try #require(answer["runs"] as? [[String: Any]])
    for (run, name) in zip(told, ["a1", "average"]) {
      let log = String(decoding: try #require(runs.bytes("\(name)/metrics.jsonl")), as: UTF8.self)
      let line = try #require(log.split(separator: "\n").last { $0.contains("\"validation\"") })
      let validation = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let shares = try #require(validation?["distributions"] as? [[String: Any]])
      let scores = try #require(run["scores"] as? [String: Any])
      #expect(scores["NLL"] as? Double == shares.last?["nll"] as? Double, "\(name)")
      #expect(run["weights"] as? String == "last" && run["epoch"] as? Int == 2)
    }
  }

  @Test("the folder of a sweep stands for its jobs")
  func sweep() throws {
    try Data(
      """
      { base: "\(ShippedRecipe.path("quickstart"))",
        patch: { data: { train: { use: "bars", count: 16 }, validation: { use: "bars", count: 8 } },
          input: { augment: [] }, training: { epochs: 1, batch: 8 } },
        axes: [{ key: "losses.nll.smoothing", values: [0, 0.1] }], seeds: [3, 5] }
      """.utf8
    ).write(to: folder.url("s.json5"))
    #expect(runs.arbex(["sweep", folder / "s.json5", "--out", folder / "s"]).code == 0)
    let answer = compare(["s"], "--no-embeddings")
    #expect(answer.code == 0, "\(answer.remarks)")
    for text in ["smoothing=0/seed-*", "smoothing=0.1/seed-*", "paired by seed", "losses.nll.smoothing"] {
      #expect(answer.output.contains(text), "\(text)\n\(answer.output)")
    }
  }

  @Test("wrong requests")
  func refusals() {
    train("a1")
    #expect(runs.arbex(["compare"]).code == 2)
    #expect(compare(["absent"]).remarks.contains("is neither the folder of a run nor that of a sweep"))
    #expect(compare(["a1"], "--weights", "worst").remarks.contains("needs best or last"))
    #expect(compare(["a1"], "--split", "tset").remarks.contains("did you mean \"test\"?"))
    #expect(compare(["a1"], "--split", "test").remarks.contains("names no data.test"))
  }
}
