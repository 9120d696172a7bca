import Foundation
import TestSupport
import Testing

@testable import FERTraining

@Suite("Records of TensorBoard's files")
struct LogRecordTests {
  /// `Tests/Fixtures/TensorBoard/make.py` wrote these records with TensorBoard 2.21's own writer and messages.
  @Test("the bytes are those that TensorBoard's own writer writes")
  func likeTensorBoard() throws {
    let written =
      EventRecord.version(at: 1_700_000_000.25) + EventRecord.start(step: 0, at: 1_700_000_000.25)
      + EventRecord.start(step: 7, at: 1_700_000_001.5)
      + EventRecord.scalars([.init(tag: "training/loss", value: 1.5)], step: 1, at: 1_700_000_002.125)
      + EventRecord.scalars(
        [
          .init(tag: "training/losses/" + String(repeating: "x", count: 120), value: 0.1),
          .init(tag: "überraschung", value: 0), .init(tag: "b", value: .greatestFiniteMagnitude),
          .init(tag: "c", value: .leastNonzeroMagnitude), .init(tag: "d", value: -2.75),
        ], step: 300, at: 1_700_000_003)
      + EventRecord.scalars([.init(tag: "e", value: 1)], step: 5_000_000_000, at: 1_700_000_004)
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = try Data(contentsOf: tests.appendingPathComponent("Fixtures/TensorBoard/records.tfevents"))
    #expect(Data(written) == file)
  }
}

@Suite("Files that only grow")
struct EventLogTests {
  private let folder = TestFolder()

  private final class Words {
    private(set) var all: [String] = []
    func add(_ text: String) { all.append(text) }
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOf: folder.url(name), encoding: .utf8)
  }

  @Test("cut back to a length; a file that is shorter loses the half of a line at its end")
  func cut() throws {
    let lines = #"{"event": "epoch", "step": 4}"# + "\n" + #"{"event": "epoch", "step": 8}"# + "\n"
    let words = Words()
    for (kept, expected) in [(30, 1), (60, 2)] {
      try Data((lines + #"{"event": "ep"#).utf8).write(to: folder.url("log"))
      EventLog(folder / "log", warn: words.add, cutTo: { _ in kept }).append("new")
      #expect(try text("log") == lines.prefix(30 * expected) + "new\n")
    }
    #expect(words.all.isEmpty)
    EventLog(folder / "log", warn: words.add, cutTo: { _ in 1000 }).append("newer")
    #expect(try text("log") == lines + "newer\n")
    #expect(words.all.count == 1 && words.all[0].contains("shorter than it was"), "\(words.all)")
  }

  /// A sparse file with room for ten more bytes, found by halving: as large as its file system lets any file be.
  @Test("a line that does not fit leaves no half of it, and the next one is tried again")
  func noRoom() throws {
    let path = folder / "log"
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    var (fits, tooLong) = (0, Int.max)
    while tooLong - fits > 1 {
      let middle = fits + (tooLong - fits) / 2
      if ftruncate(descriptor, middle) == 0 { fits = middle } else { tooLong = middle }
    }
    try #require(ftruncate(descriptor, fits - 10) == 0)
    let words = Words()
    let log = EventLog(path, warn: words.add)
    log.append("a line of more than ten bytes")
    #expect(log.sync() == fits - 10)
    log.append("short")
    #expect(log.sync() == fits - 4)
    log.append("again one that is too long")
    #expect(log.sync() == fits - 4)
    #expect(words.all.count == 1 && words.all[0].contains("the run goes on without it"), "\(words.all)")
  }

  @Test("a full device, a folder in its place, a folder that is not there: told once, and nothing ends")
  func impossible() throws {
    try FileManager.default.createSymbolicLink(atPath: folder / "full", withDestinationPath: "/dev/full")
    try FileManager.default.createDirectory(atPath: folder / "taken", withIntermediateDirectories: true)
    for (name, reason) in [
      ("full", "no space is left"), ("taken", "it is a folder"), ("absent/log", "no such file or folder"),
    ] {
      let words = Words()
      let log = EventLog(folder / name, warn: words.add)
      for _ in 0..<3 { log.append("line") }
      #expect(log.sync() == 0)
      #expect(words.all.count == 1 && words.all[0].contains(reason), "\(name): \(words.all)")
    }
    let words = Words()
    let events = TensorBoardFile(in: folder / "absent", metrics: [], timings: [], warn: words.add)
    events.append(try #require(LogLine(#"{"event": "step", "step": 1, "loss": 2}"#)), nil)
    #expect(words.all.count == 1 && words.all[0].contains("no such file or folder"), "\(words.all)")
  }
}

@Suite("Tables of a run")
struct LogTableTests {
  private let lines = #"""
    {"event": "step", "epoch": 1, "step": 2, "images": 4, "learningRate": 0.5, "loss": 3.5, \#
    "losses": {"b": 1, "a, z": 2.25}, "primary": {"accuracy": 0.25}, "corrected": {"accuracy": 0.75}}
    {"event": "epoch", "epoch": 1, "step": 3, "images": 12, "learningRate": 0.5, "loss": 3, \#
    "losses": {"b": null, "a, z": 2}, "accuracy": 0.5}
    {"event": "epoch", "epoch": 2, "step": 6, "images": 12, "learningRate": 1e-05, "loss": 2, \#
    "losses": {"b": 0.5, "a, z": 1}, "accuracy": 0.5, "primary": {"accuracy": 0.25}, "corrected": {"accuracy": 0.5}}
    {"event": "validation", "epoch": 2, "step": 6, "images": 8, "loss": null, "primary": {"accuracy": 0.5, \#
    "macroPrecision": 0.1, "macroRecall": 0.2, "macroF1": 0.3, "perClass": []}, "corrected": {"accuracy": 0.625, \#
    "macroPrecision": 0.4, "macroRecall": 0.5, "macroF1": null}, "metrics": {"=evil": 7, "none": null}}
    """#.split(separator: "\n").compactMap { LogLine(String($0)) }

  @Test("a row for each noted step; names that a spreadsheet would stumble over are quoted")
  func steps() {
    #expect(
      LogTables.steps(lines) == """
        step,epoch,images,learning rate,loss,"loss a, z",loss b,primary accuracy,corrected accuracy\r
        2,1,4,0.5,3.5,2.25,1.0,0.25,0.75\r

        """)
    #expect(LogTables.steps([]).hasPrefix("step,epoch,"))
  }

  /// The first epoch is as an older version noted it, and has no validation.
  @Test("a row for each epoch with its validation; what is not known is empty")
  func epochs() {
    #expect(lines.count == 4)
    #expect(
      LogTables.epochs(lines) == """
        epoch,step,images,learning rate,loss,"loss a, z",loss b,primary accuracy,corrected accuracy,\
        validation images,validation loss,validation primary accuracy,validation corrected accuracy,\
        validation primary macro precision,validation corrected macro precision,validation primary macro recall,\
        validation corrected macro recall,validation primary macro F1,validation corrected macro F1,\
        validation =evil,validation none\r
        1,3,12,0.5,3.0,2.0,,,0.5,,,,,,,,,,,,\r
        2,6,12,1e-05,2.0,1.0,0.5,0.25,0.5,8,,0.5,0.625,0.1,0.4,0.2,0.5,0.3,,7.0,\r

        """)
  }
}
