/// Rows of words and numbers, for reports and files.
public struct Table: Sendable, Equatable {
  /// What it shows; also the name of its file, so made of letters, digits, spaces and "-".
  public let title: String
  /// The names of the columns.
  public let columns: [String]
  /// As many cells each as there are columns.
  public let rows: [[String]]
  /// Whether a reader may put the rows into another order, because no row belongs to its neighbours.
  public let isSortable: Bool

  /// Rows under named columns.
  public init(_ title: String, columns: [String], rows: [[String]], isSortable: Bool = false) {
    (self.title, self.columns, self.rows, self.isSortable) = (title, columns, rows, isSortable)
  }
}
