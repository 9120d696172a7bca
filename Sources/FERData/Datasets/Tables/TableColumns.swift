import FERCore

/// A table whose first row names its columns: finds columns by name, and checks that each row has them all.
struct TableColumns {
  /// The names as they are written, without surrounding spaces.
  let names: [String]

  /// Reads the first row.
  /// - Throws: a ``DataProblem`` where there is none.
  init(of reader: TableReader) throws(DataProblem) {
    guard let header = try reader.next() else { throw DataProblem(reader.path, "holds no rows") }
    names = header.fields.indices.map { header.text($0) ?? "" }
  }

  /// The column of that name, in any case.
  func index(_ name: String) -> Int? { names.firstIndex { $0.lowercased() == name.lowercased() } }

  /// The first column that has one of these names.
  func first(_ wanted: [String]) -> Int? { wanted.lazy.compactMap(index).first }

  /// The column of that name.
  /// - Throws: a ``DataProblem`` that lists those that are there.
  func required(_ name: String, _ path: String) throws(DataProblem) -> Int {
    if let index = index(name) { return index }
    throw DataProblem(path, "has no column \"\(name)\"; the first row names \(listed)")
  }

  /// The names for an error.
  var listed: String {
    let shown = names.prefix(20).map { $0.isEmpty ? "\"\"" : $0.count > 40 ? "\($0.prefix(40))…" : $0 }
    return shown.joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
  }

  /// Whether a row has as many fields as the first row; notes it where not.
  func fit(_ row: TableRow, _ problems: inout ProblemList) -> Bool {
    if row.fields.count == names.count { return true }
    problems.add(line: row.line, "has \(row.fields.count) fields, the first row names \(names.count)")
    return false
  }
}
