import Support

extension ReportSection.Item {
  /// A table as bars that lie below each other: a group for each row, named by its first cell, and in it a bar for each of
  /// the columns. Bars begin at 0; a cell that is no number above 0 has none.
  /// - Parameter columns: the names of those that are drawn; one that the table does not have is left out.
  public static func bars(_ numbers: Table, columns: [String], caption: String) -> ReportSection.Item {
    let places = columns.compactMap { name in numbers.columns.firstIndex(of: name) }
    return .figure(svg: Bars(numbers, places).svg, caption: caption, numbers: numbers)
  }
}

/// Bars of a table.
private struct Bars {
  private let table: Table
  private let places: [Int]

  private static let (width, number, bar, gap) = (420.0, 60.0, 11.0, 6.0)
  private static let colours = ["#2f7fc1", "#c9772b", "#2a9d6f", "#a066b8"]

  init(_ table: Table, _ places: [Int]) { (self.table, self.places) = (table, places) }

  private func value(_ row: [String], _ place: Int) -> Double? {
    guard row.indices.contains(place), let value = Double(row[place]), value.isFinite else { return nil }
    return max(0, value)
  }

  var svg: String {
    let names = table.rows.map { $0.first ?? "" }
    let nameWidth = min(150, names.map { SVGDrawing.width(of: $0) }.max() ?? 0) + 8
    let legend = places.count > 1 ? 20.0 : 0
    let group = Double(places.count) * Self.bar + Self.gap
    var drawing = SVGDrawing(width: Self.width, height: legend + Double(names.count) * group)
    var x = nameWidth
    for (order, place) in places.enumerated() where places.count > 1 {
      drawing.fill(x: x, y: 1, width: 10, height: 10, colour(order))
      drawing.write(table.columns[place], x: x + 14, y: 10)
      x += 14 + SVGDrawing.width(of: table.columns[place]) + 12
    }
    let largest = table.rows.flatMap { row in places.compactMap { value(row, $0) } }.max() ?? 0
    for (index, row) in table.rows.enumerated() {
      let top = legend + Double(index) * group
      drawing.write(
        SVGDrawing.fitted(names[index], width: nameWidth - 8), x: nameWidth - 8,
        y: top + (group - Self.gap) / 2 + 4, .end)
      for (order, place) in places.enumerated() where row.indices.contains(place) {
        let y = top + Double(order) * Self.bar
        let share = largest > 0 ? (value(row, place) ?? 0) / largest : 0
        let length = share * (Self.width - nameWidth - Self.number)
        drawing.fill(x: nameWidth, y: y, width: length, height: Self.bar - 1, colour(order))
        drawing.write(
          SVGDrawing.fitted(row[place], width: Self.number - 4), x: nameWidth + length + 4, y: y + 9)
      }
    }
    return drawing.svg
  }

  private func colour(_ order: Int) -> String { Self.colours[order % Self.colours.count] }
}
