import NeuralKit
import Support

/// What a run notes of itself, a line for each event: in metrics.jsonl what is the same in equal runs, in timings.jsonl
/// how long it took, in TensorBoard's file both. ``LogTables`` are made of metrics.jsonl.
///
/// Nothing here can end a training: what cannot be written is told of, and left out.
final class RunLog {
  private let folder: RunFolder
  private let warn: (String) -> Void
  private let metrics: EventLog
  private let timings: EventLog
  private var events: TensorBoardFile?
  private var toldOfTables: Set<String> = []

  /// Opens the files of a run, cut back to where its checkpoint stands, so that nothing comes twice.
  ///
  /// metrics.jsonl is as long in all equal runs, so the checkpoint tells its length. Of timings.jsonl lines are kept
  /// as far as they tell of steps and epochs that the checkpoint holds.
  init(in folder: RunFolder, at state: TrainingState, warn: @escaping (String) -> Void) {
    (self.folder, self.warn) = (folder, warn)
    metrics = EventLog(folder.file(Self.metrics), warn: warn) { _ in state.metricsLength }
    timings = EventLog(folder.file(Self.timings), warn: warn) { path in
      try LogLine.length(of: path) { line in
        let isOfEpoch = line.event == "epoch" || line.event == "validation"
        return line.step <= state.step && (!isOfEpoch || (line.epoch ?? 0) <= state.epoch)
      }
    }
  }

  /// Begins TensorBoard's file with what has happened so far.
  func begin() {
    do {
      events = TensorBoardFile(
        in: folder.path, metrics: try LogLine.all(in: folder.file(Self.metrics)),
        timings: try LogLine.all(in: folder.file(Self.timings)), warn: warn)
    } catch { warn("\(error); the run goes on without a file for TensorBoard") }
  }

  /// Notes an event.
  /// - Parameter timing: the line of timings.jsonl, of the same event and step.
  func add(_ line: OrderedObject, timing: OrderedObject) {
    metrics.append(line.text)
    timings.append(timing.text)
    guard let events, let read = LogLine(line.text) else { return }
    events.append(read, LogLine(timing.text))
  }

  /// Notes how long something took that changes no number.
  func add(timing: OrderedObject) { timings.append(timing.text) }

  /// Makes metrics.jsonl safe and tells how long it is.
  func sync() -> Int { metrics.sync() }

  /// Closes the files and writes the tables, as the run ends or is interrupted.
  func finish() {
    events?.close()
    writeTables()
  }

  /// Writes the tables of all that has happened so far; not those of a run that is another process's by now.
  func writeTables() {
    if let permit = WritePermits.permit(for: folder.path), (try? permit.check()) == nil { return }
    let lines = Result { try LogLine.all(in: folder.file(Self.metrics)) }
    for (name, table) in [("steps.csv", LogTables.steps), ("epochs.csv", LogTables.epochs)] {
      do { try AtomicFile.write(table(lines.get()), to: folder.file(name)) } catch {
        let told = "\(error); the run goes on without \(name)"
        if toldOfTables.insert(told).inserted { warn(told) }
      }
    }
  }

  /// The beginning of a line of timings.jsonl: what happened, after how many steps, and when.
  static func timing(_ event: String, step: Int) -> OrderedObject {
    var line = OrderedObject()
    line.add("event", event)
    line.add("step", step)
    line.add("time", Clock.date)
    return line
  }

  private static let (metrics, timings) = ("metrics.jsonl", "timings.jsonl")

  /// The files that are open and grow while a run goes on, besides TensorBoard's, which each process begins anew.
  static let files = [metrics, timings]
}
