import Foundation
import NeuralKit
import Support

/// The run as TensorBoard shows it: `events.out.tfevents.SECONDS.arbex` in the run's folder.
///
/// It tells what metrics.jsonl and timings.jsonl tell, line by line. When a run is resumed, it is written anew from
/// them, once they are cut back to the checkpoint, under a later name. So it holds no step twice, no half of a record and
/// no fork, whatever reads it. Leaving the old file, and stating in a new one that training starts at the checkpoint's step,
/// would do for TensorBoard alone, and could not tell what came before the checkpoint from what came after it within
/// that step, at the end of an epoch.
///
/// A page that was open meanwhile follows to the later name and takes its second record, a start at step 0, for a new
/// beginning. It may hold the old file open, and some of its readers stop where that vanishes, so it is emptied first and
/// removed when the run ends.
final class TensorBoardFile {
  private let log: EventLog?
  private var time: Double
  private var emptied: [String] = []

  /// Writes the file of what has happened so far.
  /// - Parameter timings: lines of timings.jsonl, which belong to those of metrics.jsonl by event and step.
  init(in folder: String, metrics: [LogLine], timings: [LogLine], warn: @escaping (String) -> Void) {
    let old = Self.names(in: folder)
    let now = max(Int(Clock.date), (old.compactMap(Self.seconds).max() ?? 0) + 1)
    let path = "\(folder)/\(Self.prefix)\(now)\(Self.suffix)"
    let times = Dictionary(timings.map { ("\($0.event) \($0.step)", $0) }) { $1 }
    // Lines of an older version of this program have no time: they get that of the next which has one.
    time = timings.firstResult(\.time) ?? Clock.date
    var records = EventRecord.version(at: time) + EventRecord.start(step: 0, at: time)
    for line in metrics { records += Self.record(of: line, times["\(line.event) \(line.step)"], &time) }
    do {
      try AtomicFile.write(to: path) { try $0.write(records) }
    } catch {
      warn("\(error); the run goes on without it")
      log = nil
      return
    }
    emptied = old.map { "\(folder)/\($0)" }
    for path in emptied { truncate(path.systemName, 0) }
    log = EventLog(path, warn: warn)
  }

  /// Removes the file of before.
  func close() { for path in emptied { unlink(path) } }

  /// Adds what a line of metrics.jsonl and its line of timings.jsonl tell.
  func append(_ line: LogLine, _ timing: LogLine?) { log?.append(Self.record(of: line, timing, &time)) }

  private static let (prefix, suffix) = ("events.out.tfevents.", ".arbex")

  /// The files of this kind in a folder; those of other programs are let be.
  static func names(in folder: String) -> [String] {
    ((try? FolderNames.all(in: folder)) ?? []).filter { seconds($0) != nil }
  }

  private static func seconds(_ name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    return Int(name.dropFirst(prefix.count).dropLast(suffix.count))
  }

  /// - Parameter time: that of the line before; becomes that of this line.
  private static func record(of line: LogLine, _ timing: LogLine?, _ time: inout Double) -> [UInt8] {
    time = timing?.time ?? time
    let scalars = scalars(of: line) + (timing.map(times) ?? [])
    return scalars.isEmpty ? [] : EventRecord.scalars(scalars, step: line.step, at: time)
  }

  /// The numbers of a line of metrics.jsonl; what is undefined is left out.
  static func scalars(of line: LogLine) -> [EventRecord.Scalar] {
    let group = line.event == "step" ? "training" : line.event
    var numbers: [(String, Double?)] = [("loss", line.loss)]
    numbers += LogLine.numbers(line.losses).map { ("losses/\($0.name)", $0.value) }
    numbers += [
      ("learning-rate", line.learningRate),
      ("accuracy/primary", line.primary?.accuracy),
      ("accuracy/corrected", line.corrected?.accuracy ?? line.accuracy),
      ("macro-f1/primary", line.primary?.macroF1), ("macro-f1/corrected", line.corrected?.macroF1),
    ]
    numbers += LogLine.numbers(line.metrics).map { ("metrics/\($0.name)", $0.value) }
    return numbers.compactMap { name, value in
      value.map { EventRecord.Scalar(tag: "\(group)/\(name)", value: Float($0)) }
    }
  }

  /// The numbers of a line of timings.jsonl.
  static func times(of line: LogLine) -> [EventRecord.Scalar] {
    let numbers = [
      ("data", line.data), ("compute", line.compute), (line.event, line.seconds),
      ("images-per-second", line.imagesPerSecond),
    ]
    return numbers.compactMap { name, value in
      value.map { EventRecord.Scalar(tag: "time/\(name)", value: Float($0)) }
    }
  }
}
