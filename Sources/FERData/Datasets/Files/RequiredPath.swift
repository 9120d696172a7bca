import FERCore
import NeuralKit

extension FilePath {
  /// The path, for a component that cannot do without.
  /// - Parameter what: what it has to name: "the folder that holds the images".
  /// - Parameter key: the option that names it.
  /// - Throws: ``BuildIssue`` where none is given.
  public func required(_ what: String, as key: String = "root") throws(BuildIssue) -> String {
    if isEmpty { throw BuildIssue(key, "must name \(what)") }
    return text
  }
}
