import FERCore
import Support

/// AffectNet's table of one split. The authors' validation.csv has no header.
enum AffectNetTable {
  /// The columns where no header names them.
  private static let columns = [
    "subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks",
    "expression", "valence", "arousal",
  ]

  /// The rows.
  /// - Parameter takesFirst: whether an image that is listed again with the same expression is passed over.
  /// - Throws: a ``DataProblem`` with everything that is wrong with the table.
  static func entries(_ path: String, _ images: String, takesFirst: Bool) throws(DataProblem) -> [AffectNet
    .Entry]
  {
    let reader = try TableReader(path, separator: .comma)
    guard let first = try reader.next() else { throw DataProblem(path, "holds no rows") }
    let hasHeader = first.fields.indices.contains {
      first.text($0) == columns[0] || first.text($0) == "expression"
    }
    let names = hasHeader ? first.fields.indices.map { first.text($0) ?? "" } : columns
    let missing = [columns[0], "expression"].filter { !names.contains($0) }
    guard missing.isEmpty else {
      throw DataProblem(
        path,
        "has no column \(missing.joined(separator: ", ")); the first row names \(names.joined(separator: ", "))"
      )
    }
    let place = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    var (entries, problems) = ([AffectNet.Entry](), ProblemList(path))
    var seen: [ExactName: (line: Int, expression: Int)] = [:]
    var row: TableRow? = hasHeader ? try reader.next() : first
    while let current = row {
      if let entry = entry(current, place, names.count, images, &problems) {
        if let before = seen.updateValue((current.line, entry.expression), forKey: ExactName(entry.path)) {
          let same = before.expression == entry.expression
          if !takesFirst || !same {
            problems.add(
              line: current.line,
              "\(entry.path) is listed twice, first in line \(before.line)"
                + (same
                  ? "; set onDuplicate to \"first\" to take it once"
                  : " with expression \(before.expression), now \(entry.expression)"))
          }
        } else {
          entries.append(entry)
        }
      }
      row = try reader.next()
    }
    try problems.check()
    guard !entries.isEmpty else { throw DataProblem(path, "lists no images") }
    return entries
  }

  private static func entry(
    _ row: TableRow, _ place: [String: Int], _ count: Int, _ images: String, _ problems: inout ProblemList
  ) -> AffectNet.Entry? {
    guard row.fields.count == count, let pathColumn = place[columns[0]], let column = place["expression"]
    else {
      problems.add(line: row.line, "has \(row.fields.count) fields, should have \(count)")
      return nil
    }
    guard let expression = row.number(column), AffectNet.problem(expression) == nil else {
      problems.add(line: row.line, "expression \(row.shown(column)) \(AffectNet.problem(nil) ?? "")")
      return nil
    }
    switch ListedPath.below(images, row.name(pathColumn)) {
    case .failure(let refusal):
      problems.add(line: row.line, "the path \(row.shown(pathColumn)) \(refusal.reason)")
      return nil
    case .success(let path):
      let box = ["face_x", "face_y", "face_width", "face_height"].map { name in
        place[name].flatMap { row.number($0) }
      }
      return AffectNet.Entry(path: path, expression: expression, face: FaceBox(box))
    }
  }
}
