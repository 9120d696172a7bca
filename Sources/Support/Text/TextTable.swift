/// Rows of text with their columns aligned, two spaces between them.
package enum TextTable {
  /// Columns of words start on the left, those of numbers end on the right. An empty row is an empty line.
  /// - Parameter words: how many columns are words, from the first.
  /// - Parameter indent: spaces before each line.
  /// - Returns: lines without spaces at their ends, and no newline after the last.
  package static func text(_ rows: [[String]], words: Int = .max, indent: Int = 0) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { place, cell in
        let space = String(repeating: " ", count: widths[place] - cell.count)
        return place < words ? cell + space : space + cell
      }
      return (String(repeating: " ", count: indent) + cells.joined(separator: "  ")).trimmedEnd
    }.joined(separator: "\n")
  }
}

extension String {
  /// Without spaces and line ends at its end.
  package var trimmedEnd: String {
    var text = self[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
