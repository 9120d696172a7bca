import Synchronization

/// The right to write into a folder, where this process may lose it while it works there: a job of a sweep that another
/// process takes over.
package protocol WritePermit: Sendable {
  /// - Throws: why the right is lost, as far as that is known without asking the file system.
  func check() throws

  /// Asks the file system.
  /// - Throws: why the right is lost.
  func confirm() throws
}

/// The permits of this process, by folder. ``AtomicFile`` confirms them before it begins a file and before it puts one in
/// place, so that nothing that writes can forget it. What lies in no such folder needs none.
package enum WritePermits {
  /// From now on, what lies below `folder` is written only while `permit` holds.
  package static func grant(_ permit: some WritePermit, for folder: String) {
    let folder = PathText.absolute(folder)
    granted.withLock { $0[folder] = permit }
  }

  /// From now on, what lies below `folder` needs no permit.
  package static func withdraw(for folder: String) {
    let folder = PathText.absolute(folder)
    granted.withLock { _ = $0.removeValue(forKey: folder) }
  }

  /// The permit that counts for a file or folder; nil where none is needed.
  package static func permit(for path: String) -> (any WritePermit)? {
    let all = granted.withLock { $0 }
    guard !all.isEmpty else { return nil }
    let path = PathText.absolute(path)
    return all.first { $0.key == path || PathText.path(path, below: $0.key) != nil }?.value
  }
}

private let granted = Mutex<[String: any WritePermit]>([:])
