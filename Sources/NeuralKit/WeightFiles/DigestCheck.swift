import Foundation
import Support

/// A comparison of a weight file with the digest in its header, under way on a thread of its own while the file is
/// already being used. Nothing made from the file may be shown before ``wait()`` has returned.
package final class DigestCheck: @unchecked Sendable {
  private let condition = NSCondition()
  private var outcome: Result<Void, any Error>?

  /// Starts at once.
  init(_ file: WeightFile) {
    let work = { @Sendable [self] in
      let result = Result { try file.verifyDigest() }
      condition.withLock {
        outcome = result
        condition.broadcast()
      }
    }
    if !StartedThread.run("digest", work) { work() }
  }

  /// Returns when the file has been found whole; as often as it is called.
  /// - Throws: ``FileProblem`` where the file does not match its digest or cannot be read.
  package func wait() throws {
    try condition.withLock {
      while outcome == nil { condition.wait() }
      return outcome
    }?.get()
  }
}

extension WeightFile {
  /// Does what ``verifyDigest()`` does, in the background.
  package func startVerifyingDigest() -> DigestCheck { DigestCheck(self) }
}
