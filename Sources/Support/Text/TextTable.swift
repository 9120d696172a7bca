/// Tables of text.
package enum Columns {
  /// Rows with their columns aligned, two spaces between them.
  package static func text(_ rows: [[String]], indent: Int = 0) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { place, cell in
        place == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[place] - cell.count)
      }
      return (String(repeating: " ", count: indent) + cells.joined(separator: "  ")).trimmedEnd
    }.joined(separator: "\n")
  }
}

/// Rows of text: columns of words start on the left, those of numbers end on the right.
package enum NumberTable {
  /// - Parameter words: how many columns are words, from the first.
  package static func text(_ rows: [[String]], words: Int = 1) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { place, cell in
        let space = String(repeating: " ", count: widths[place] - cell.count)
        return place < words ? cell + space : space + cell
      }
      let line = "  " + cells.joined(separator: "  ")
      return line.prefix(line.count - line.reversed().prefix { $0 == " " }.count) + "\n"
    }.joined()
  }
}

extension String {
  fileprivate var trimmed: String { trimmedEnd }
  fileprivate var trimmedEnd: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
