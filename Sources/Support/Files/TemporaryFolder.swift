import Foundation

/// A folder for the time of a measurement, a check or a test.
package struct TemporaryFolder: ~Copyable {
  /// Where it is.
  package let path: String

  /// - Throws: a ``FileProblem`` where it cannot be made.
  package init(_ name: String) throws {
    path = NSTemporaryDirectory() + "arbex-\(name)-\(ProcessInfo.processInfo.globallyUniqueString)"
    try FileSystem.makeFolder(path)
  }

  deinit { FileSystem.remove(path) }
}
