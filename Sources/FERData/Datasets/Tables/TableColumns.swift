import FERCore
import Support

/// A table whose first row names its columns: finds columns by name, and checks that each row has them all.
public struct TableColumns {
  /// The names as they are written, without surrounding spaces.
  public let names: [String]

  /// Reads the first row.
  /// - Throws: a ``DataProblem`` where there is none.
  public init(of reader: TableReader) throws(DataProblem) {
    guard let header = try reader.next() else { throw DataProblem(reader.path, "holds no rows") }
    names = header.fields.indices.map { header.text($0) ?? "" }
  }

  /// The column of that name, in capitals or not; nil where there is none.
  public func index(_ name: String) -> Int? { names.firstIndex { $0.lowercased() == name.lowercased() } }

  /// The column that has the first of these names that there is; nil where there is none of them.
  public func first(_ wanted: [String]) -> Int? { wanted.firstResult(index) }

  /// The column of that name.
  /// - Throws: a ``DataProblem`` that lists those that are there.
  public func required(_ name: String, _ path: String) throws(DataProblem) -> Int {
    if let index = index(name) { return index }
    throw DataProblem(path, "has no column \"\(name)\"; the first row names \(listed)")
  }

  /// The names for an error, cut where they are many or long.
  public var listed: String {
    let shown = names.prefix(20).map { $0.isEmpty ? "\"\"" : $0.count > 40 ? "\($0.prefix(40))…" : $0 }
    return shown.joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
  }

  /// Whether a row has as many fields as the first row; notes it where not.
  public func fit(_ row: TableRow, _ problems: inout ProblemList) -> Bool {
    if row.fields.count == names.count { return true }
    problems.add(line: row.line, "has \(row.fields.count) fields, the first row names \(names.count)")
    return false
  }
}
