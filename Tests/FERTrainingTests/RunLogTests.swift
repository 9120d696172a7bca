import Foundation
import FERTools
import NeuralKit
import Support
import TestSupport
import Testing

@testable import FERTraining

/// TensorBoard's file of a run, read as its format says: its scalars, each once.
private struct EventFile {
  private(set) var values: [String: Float] = [:]
  private(set) var times: [String: Double] = [:]
  private(set) var isWhole = true

  init(ofRun folder: String) throws {
    let names = try FolderNames.all(in: folder).filter { $0.contains("tfevents") }
    try #require(names.count == 1, "\(names)")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/" + names[0])))
    var start = 0
    while start < bytes.count {
      let count = start + 16 <= bytes.count ? Int(Self.number(bytes[start..<start + 8])) : .max - start - 16
      guard start + 16 + count <= bytes.count else {
        isWhole = false
        return
      }
      let message = bytes[start + 12..<start + 12 + count]
      try #require(EventRecord.framed(Array(message)) == Array(bytes[start..<start + 16 + count]))
      try add(Self.fields(message))
      start += 16 + count
    }
  }

  private mutating func add(_ event: [Field]) throws {
    let time = Double(bitPattern: try #require(event.first { $0.number == 1 }).value)
    let step = event.first { $0.number == 2 }?.value ?? 0
    for summary in event where summary.number == 5 {
      for value in Self.fields(summary.bytes) {
        let parts = Self.fields(value.bytes)
        let key = "\(String(decoding: parts[0].bytes, as: UTF8.self)) \(step)"
        try #require(values[key] == nil, "\(key) comes twice")
        values[key] = Float(bitPattern: UInt32(parts[1].value))
        times[key] = time
      }
    }
  }

  private struct Field {
    let number: UInt64
    var value: UInt64 = 0
    var bytes: ArraySlice<UInt8> = []
  }

  private static func fields(_ message: ArraySlice<UInt8>) -> [Field] {
    var (rest, fields) = (message, [Field]())
    func variable() -> UInt64 {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 127) << shift
        shift += 7
        if byte < 128 { break }
      }
      return value
    }
    while !rest.isEmpty {
      let key = variable()
      var field = Field(number: key >> 3)
      let width: Int
      switch key & 7 {
      case 0: (field.value, width) = (variable(), 0)
      case 1: width = 8
      case 5: width = 4
      default: width = Int(variable())
      }
      field.bytes = rest.prefix(width)
      if key & 7 == 1 || key & 7 == 5 { field.value = number(field.bytes) }
      rest = rest.dropFirst(width)
      fields.append(field)
    }
    return fields
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

@Suite("The logs of a run")
struct RunLogTests {
  private func lines(_ shop: Workshop, _ file: String) -> [LogLine] {
    (try? LogLine.all(in: shop.path + "/" + file)) ?? []
  }

  private func append(_ text: String, to path: String) throws {
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
  }

  private func eventFile(_ folder: String) throws -> String {
    folder + "/" + (try #require(try FolderNames.all(in: folder).first { $0.contains("tfevents") }))
  }

  /// What the files of a run must be, whatever happened to it: each event once, in metrics.jsonl, timings.jsonl and
  /// TensorBoard's file; and numbers like those of a run that nothing happened to.
  private func expectWhole(_ shop: Workshop, _ name: String, like whole: String? = nil, _ what: String) throws
  {
    let events = ["step", "epoch", "validation"]
    let (metrics, timings) = (lines(shop, name + "/metrics.jsonl"), lines(shop, name + "/timings.jsonl"))
    let (noted, timed) = (metrics.map { "\($0.event) \($0.step)" }, timings.map { "\($0.event) \($0.step)" })
    #expect(Set(noted).count == noted.count, "\(what): \(noted)")
    #expect(timed.filter { !$0.hasPrefix("checkpoint") } == noted, "\(what)")
    #expect(zip(metrics, metrics.dropFirst()).allSatisfy { $0.step <= $1.step }, "\(what)")
    #expect(metrics.allSatisfy { events.contains($0.event) }, "\(what)")
    let file = try EventFile(ofRun: shop.path + "/" + name)
    #expect(file.isWhole, "\(what)")
    for (line, timing) in zip(metrics, timings.filter { $0.event != "checkpoint" }) {
      let scalars = TensorBoardFile.scalars(of: line) + TensorBoardFile.times(of: timing)
      for scalar in scalars {
        #expect(file.values["\(scalar.tag) \(line.step)"] == scalar.value, "\(what): \(scalar)")
        #expect(file.times["\(scalar.tag) \(line.step)"] == timing.time, "\(what): \(scalar)")
      }
    }
    let found = file.values.filter { !$0.key.hasPrefix("time/") }
    #expect(found.count == metrics.reduce(0) { $0 + TensorBoardFile.scalars(of: $1).count }, "\(what)")
    guard let whole else { return }
    #expect(shop.results(name) == shop.results(whole), "\(what)")
    let other = try EventFile(ofRun: shop.path + "/" + whole)
    #expect(found == other.values.filter { !$0.key.hasPrefix("time/") }, "\(what)")
  }

  /// An epoch is four steps of five images, so its means are those of its steps. The learning rate of 0.02 is warmed up for an
  /// epoch, 0.01 + 0.99 k/4 of it after k of four steps, and then falls along half a cosine, (1 + cos(π k/4)) / 2.
  @Test("each step is noted once, and an epoch's numbers are the means of its steps")
  func steps() throws {
    let shop = try Workshop()
    try shop.run("run")
    let all = lines(shop, "run/metrics.jsonl")
    #expect(
      all.map(\.event) == ["step", "step", "step", "step", "epoch", "validation"]
        + ["step", "step", "step", "step", "epoch", "validation"])
    #expect(all.map(\.step) == [1, 2, 3, 4, 4, 4, 5, 6, 7, 8, 8, 8])
    #expect(all.map(\.epoch) == [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2])
    for start in [0, 6] {
      let (steps, epoch) = (all[start..<start + 4], all[start + 4])
      func mean(_ value: (LogLine) -> Double?) -> Double {
        steps.reduce(0) { $0 + (value($1) ?? .nan) } / 4
      }
      #expect(steps.allSatisfy { $0.images == 5 } && epoch.images == 20)
      #expect(abs(mean(\.loss) - (epoch.loss ?? .nan)) < 1e-12)
      #expect(abs(mean { $0.losses?["tiny"] ?? nil } - ((epoch.losses?["tiny"] ?? nil) ?? .nan)) < 1e-12)
      #expect(abs(mean(\.primary?.accuracy) - (epoch.primary?.accuracy ?? .nan)) < 1e-12)
      #expect(abs(mean(\.corrected?.accuracy) - (epoch.corrected?.accuracy ?? .nan)) < 1e-12)
      #expect(epoch.corrected?.accuracy == epoch.accuracy)
      #expect(steps.first?.learningRate == epoch.learningRate)
    }
    let rates = all.filter { $0.event == "step" }.compactMap(\.learningRate)
    let expected = [0.0002, 0.00515, 0.0101, 0.01505, 0.02, 0.017_071_068, 0.01, 0.002_928_932]
    #expect(rates.count == 8 && zip(rates, expected).allSatisfy { abs($0 - $1) < 1e-8 }, "\(rates)")
    // The two distributions are told apart: a head of six numbers and its correction do not always agree.
    #expect(all.contains { $0.primary?.accuracy != $0.corrected?.accuracy })
    let times = lines(shop, "run/timings.jsonl")
    let started = try #require(times.first?.time)
    #expect(times.allSatisfy { ($0.time ?? 0) >= started && ($0.time ?? 0) <= Clock.date })
    #expect(times.filter { $0.event == "step" }.allSatisfy { ($0.data ?? 0) > 0 && ($0.compute ?? 0) > 0 })
    try expectWhole(shop, "run", "untouched")
  }

  @Test("every so many steps, or never; the weights are the same")
  func interval() throws {
    var weights: [[String: [Float]]] = []
    for (interval, steps) in [(1, [1, 2, 3, 4, 5, 6, 7, 8]), (3, [3, 6]), (0, [])] {
      let shop = try Workshop("training.logSteps=\(interval)")
      try shop.run("run")
      #expect(lines(shop, "run/metrics.jsonl").filter { $0.event == "step" }.map(\.step) == steps)
      #expect(lines(shop, "run/timings.jsonl").filter { $0.event == "step" }.map(\.step) == steps)
      let file = try WeightFile(shop.path + "/run/checkpoints/last.safetensors")
      weights.append(
        Dictionary(uniqueKeysWithValues: try file.names.map { ($0, try file.tensor($0).values) }))
      let table = String(decoding: shop.bytes("run/steps.csv") ?? Data(), as: UTF8.self)
      #expect(table.split(separator: "\r\n").dropFirst().compactMap { Int($0.prefix { $0 != "," }) } == steps)
      try expectWhole(shop, "run", "each \(interval)")
    }
    #expect(!weights[0].isEmpty && weights[0] == weights[1] && weights[0] == weights[2])
  }

  @Test("stopped or killed anywhere, also in the middle of a line or a record: nothing comes twice")
  func interrupted() throws {
    let shop = try Workshop()
    try shop.run("whole")
    try expectWhole(shop, "whole", "whole")
    for split in [1, 3, 4, 6] {
      let name = "split\(split)"
      try shop.run(name, steps: split)
      // As after a crash: what came after the checkpoint, and halves of what came last.
      let folder = shop.path + "/" + name
      let later = #"{"event": "step", "epoch": 1, "step": \#(split + 1), "loss": 9, "time": 1}"# + "\n"
      let late = #"{"event": "validation", "epoch": 2, "step": \#(split), "seconds": 9, "time": 1}"# + "\n"
      try append(later + #"{"event": "st"#, to: folder + "/metrics.jsonl")
      try append(late + later + #"{"event": "st"#, to: folder + "/timings.jsonl")
      let record = EventRecord.scalars([.init(tag: "training/loss", value: 9)], step: split + 1, at: 1)
      let events = try eventFile(folder)
      let handle = try #require(FileHandle(forWritingAtPath: events))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(record + record.dropLast(5)))
      try handle.close()
      try shop.run(name)
      #expect(try eventFile(folder) > events)
      try expectWhole(shop, name, like: "whole", "stopped after step \(split)")
    }
    for batch in 0..<4 {
      #expect(throws: TinyImages.Crash.self) {
        try shop.run("crash\(batch)", train: TinyImages(count: 21, crashesAt: batch))
      }
      try shop.run("crash\(batch)")
      try expectWhole(shop, "crash\(batch)", like: "whole", "killed at batch \(batch)")
    }
  }

  @Test("the checkpoint before the last one: the logs go back with it")
  func previous() throws {
    let shop = try Workshop()
    try shop.run("whole")
    try shop.run("split", steps: 7)
    try Data().write(to: URL(fileURLWithPath: shop.path + "/split/checkpoints/last.safetensors"))
    try shop.run("split", warnings: Warnings())
    try expectWhole(shop, "split", like: "whole", "previous")
  }

  @Test("a log that is there and cannot be read is told of; a table of nothing is not made of it")
  func unreadable() throws {
    let shop = try Workshop()
    let folder = try RunFolder.create(shop.path + "/run")
    try FileSystem.makeFolder(folder.file("metrics.jsonl"))
    var told: [String] = []
    let log = RunLog(in: folder, at: TrainingState()) { told.append($0) }
    log.begin()
    log.writeTables()
    let path = folder.file("metrics.jsonl")
    #expect(told.allSatisfy { $0.hasPrefix("\(path): ") && $0.contains("goes on without") }, "\(told)")
    #expect(told.filter { $0.contains("TensorBoard") || $0.hasSuffix("s.csv") }.count == 3, "\(told)")
    for name in ["steps.csv", "epochs.csv"] { #expect(!FileSystem.exists(folder.file(name))) }
    #expect(throws: FileProblem.self) { try LogLine.all(in: path) }
    #expect(try LogLine.all(in: path + "-absent").isEmpty)
    let omissions = ReportSubject(folder, of: shop.recipe).omissions
    #expect(omissions.count == 1 && omissions[0].hasPrefix("How training went: \(path): "), "\(omissions)")
  }

  @Test("a table is there after an interruption, too")
  func tables() throws {
    let shop = try Workshop()
    try shop.run("split", steps: 5)
    let rows = { (name: String) in
      String(decoding: shop.bytes("split/" + name) ?? Data(), as: UTF8.self).split(separator: "\r\n").count
    }
    #expect(rows("steps.csv") == 6 && rows("epochs.csv") == 2)
  }

  @Test("a metrics file that lost its end in the middle of a line goes on with whole lines")
  func shortened() throws {
    let shop = try Workshop()
    try shop.run("split", steps: 5)
    let path = shop.path + "/split/metrics.jsonl"
    let whole = try #require(FileManager.default.contents(atPath: path))
    try whole.prefix(whole.count - 20).write(to: URL(fileURLWithPath: path))
    let warnings = Warnings()
    #expect(try shop.run("split", warnings: warnings) == .finished)
    #expect(warnings.text.contains("shorter than it was"))
    let steps = lines(shop, "split/metrics.jsonl").filter { $0.event == "step" }.map(\.step)
    #expect(steps == [1, 2, 3, 4, 6, 7, 8])
    let count = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      .split(separator: "\n").count
    #expect(count == lines(shop, "split/metrics.jsonl").count)
  }

  /// An older version wrote no steps, no tables, no times and no file for TensorBoard, and did not count what the head
  /// alone gets right.
  @Test("a run that an older version began goes on to the same weights and predictions")
  func older() throws {
    let shop = try Workshop("training.logSteps=0")
    try shop.run("whole")
    try shop.run("old", steps: 6)
    let folder = shop.path + "/old"
    for name in ["steps.csv", "epochs.csv"] + [(try eventFile(folder) as NSString).lastPathComponent] {
      try FileManager.default.removeItem(atPath: folder + "/" + name)
    }
    try Data("{\"event\": \"epoch\", \"epoch\": 1, \"step\": 4, \"seconds\": 1.5}\n".utf8).write(
      to: URL(fileURLWithPath: folder + "/timings.jsonl"))
    let checkpoint = try WeightFile(folder + "/checkpoints/last.safetensors")
    var metadata = checkpoint.metadata
    let state = try #require(metadata["state"])
    metadata["state"] = state.replacing(/,"primaryCorrect":\d+/, with: "")
    try #require(metadata["state"] != state)
    try WeightFile.write(
      Dictionary(uniqueKeysWithValues: try checkpoint.names.map { ($0, try checkpoint.tensor($0)) }),
      metadata: metadata, to: folder + "/checkpoints/last.safetensors")
    try shop.run("old")
    for file in ["checkpoints/best.safetensors", "predictions.csv"] {
      #expect(shop.bytes("old/" + file) == shop.bytes("whole/" + file) && shop.bytes("old/" + file) != nil)
    }
    let epochs = lines(shop, "old/metrics.jsonl").filter { $0.event == "epoch" }
    #expect(epochs.map { $0.primary?.accuracy == nil } == [false, true])
    let events = try EventFile(ofRun: folder)
    #expect(events.values["epoch/loss 4"] != nil && events.values["epoch/loss 8"] != nil)
    #expect(events.values["time/epoch 4"] == 1.5)
  }

  @Test("logs that cannot be written: warnings, and the model is trained and saved as ever")
  func failingDisk() throws {
    let shop = try Workshop()
    try shop.run("whole")
    let tables = ["steps.csv", "epochs.csv"]
    // The logs, of which the tables are made; the tables alone.
    for (run, names) in [("logs", ["metrics.jsonl", "timings.jsonl"]), ("tables", tables)] {
      try shop.run(run, steps: 3)
      let folder = shop.path + "/" + run
      for name in names {
        try FileManager.default.removeItem(atPath: folder + "/" + name)
        try FileManager.default.createDirectory(
          atPath: folder + "/\(name)/full", withIntermediateDirectories: true)
      }
      let warnings = Warnings()
      #expect(try shop.run(run, warnings: warnings) == .finished)
      for name in names { #expect(warnings.text.contains("\(name): cannot be"), "\(warnings.text)") }
      // Once each, however many epochs there are.
      for name in tables {
        #expect(
          warnings.text.components(separatedBy: "goes on without \(name)").count == 2, "\(warnings.text)")
      }
      for file in ["checkpoints/best.safetensors", "predictions.csv"] {
        #expect(shop.bytes("\(run)/\(file)") == shop.bytes("whole/" + file))
        #expect(shop.bytes("\(run)/\(file)") != nil)
      }
    }
  }
}
