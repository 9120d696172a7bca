/// Rows of words and numbers, for reports and files.
public struct Table: Sendable, Equatable, Codable {
  /// What it shows; also the name of its file, so made of letters, digits, spaces and "-".
  public let title: String
  /// The names of the columns.
  public let columns: [String]
  /// As many cells each as there are columns.
  public let rows: [[String]]

  /// Rows under named columns.
  public init(_ title: String, columns: [String], rows: [[String]]) {
    (self.title, self.columns, self.rows) = (title, columns, rows)
  }
}
