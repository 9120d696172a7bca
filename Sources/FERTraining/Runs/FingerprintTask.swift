import Foundation
import Support
import Synchronization

/// Makes a run's ``DataFingerprint`` on a thread of its own, beside training, and writes it as soon as it is whole.
///
/// One thread, however many cores there are: the 32,333 files of FER2013 cost it half a second of one core.
final class FingerprintTask: @unchecked Sendable {
  private let condition = NSCondition()
  private var outcome: Result<Void, any Error>?
  private let isStopped = Atomic<Bool>(false)

  /// Starts at once.
  init(_ files: [DataFingerprint.Open], writingTo path: String) {
    let work = { @Sendable [self] in
      let result = Result { try make(files, path) }
      condition.withLock {
        outcome = result
        condition.broadcast()
      }
    }
    if !StartedThread.run("fingerprint", work) { work() }
  }

  private func make(_ files: [DataFingerprint.Open], _ path: String) throws {
    var read: [(entry: DataFingerprint.Entry, stamp: FileStamp?)] = []
    read.reserveCapacity(files.count)
    for file in files {
      guard !isStopped.load(ordering: .relaxed) else { return }
      read.append(file.readStamped())
    }
    let fingerprint = DataFingerprint(read.map(\.entry))
    try AtomicFile.write(fingerprint.text, to: path)
    DataStamps(of: fingerprint, read.map(\.stamp)).write(toRun: PathText.folder(of: path))
  }

  /// Returns when the file is written; as often as it is called.
  /// - Throws: `FileProblem` where it cannot be.
  func wait() throws {
    try condition.withLock {
      while outcome == nil { condition.wait() }
      return outcome
    }?.get()
  }

  /// Returns when the file is written or cannot be, but after some seconds in any case.
  func wait(atMost seconds: Double) {
    let end = Date(timeIntervalSinceNow: seconds)
    condition.withLock {
      while outcome == nil, condition.wait(until: end) {}
    }
  }

  /// Gives up, and returns when the thread has ended. Where the file is not whole, nothing is written.
  func stop() {
    isStopped.store(true, ordering: .relaxed)
    try? wait()
  }
}
