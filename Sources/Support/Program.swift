import Foundation

/// This program.
package enum Program {
  /// The version of arbex.
  package static let version = "0.1.0"

  /// Where the running file lies, links followed; empty where the system does not tell.
  package static var path: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
  }
}
