/// This program.
package enum Program {
  /// The version of arbex.
  package static let version = "0.1.0"
}
