import FERCore
import FERData
import Support

extension EvaluatedSet {
  /// Reads back what ``predictionTable`` wrote, but for evidence and for what no column tells: groups and attributes.
  /// - Parameter classes: those of the model, in its order.
  /// - Throws: `FileProblem` where the file holds something else; a `DataProblem` where it cannot be read.
  package init(predictionTable path: String, classes: [String]) throws {
    let reader = try TableReader(path, separator: .comma)
    func problem(_ what: String) -> FileProblem {
      FileProblem(path, "\(what); write it anew with `arbex eval`")
    }
    guard let header = try reader.next() else { throw problem("is empty") }
    let columns = header.fields.indices.map { header.text($0) ?? "" }
    guard columns.prefix(5) == ["image", "class", "primary", "final", "confidence"] else {
      throw problem("is no table of predictions")
    }
    // "primary happy" ...: as many columns for each distribution as there are classes.
    var (names, place) = ([String](), 5)
    while names.last != "final", columns.indices.contains(place + classes.count - 1) {
      let name = String(columns[place].dropLast(classes[0].count + 1))
      guard columns[place..<place + classes.count].elementsEqual(classes.map { "\(name) \($0)" }) else {
        break
      }
      names.append(name)
      place += classes.count
    }
    guard names.first == "primary", names.last == "final" else {
      throw problem("is not of the classes \(classes.listed(atMost: 20))")
    }
    // A spreadsheet must not take a name for a formula, so it may have an apostrophe in front.
    let labels = Dictionary(classes.enumerated().flatMap { [($1, $0), ("'" + $1, $0)] }) { first, _ in first }
    var samples: [EvaluatedSample] = []
    while let row = try reader.next() {
      let text = (0..<place).map { row.text($0) ?? "" }
      let numbers = text[5...].compactMap { Float($0) }
      guard row.fields.count == columns.count, numbers.count == place - 5,
        text[1].isEmpty || labels[text[1]] != nil
      else { throw problem("line \(row.line) is damaged") }
      let rows = names.indices.map { Array(numbers[$0 * classes.count..<($0 + 1) * classes.count]) }
      samples.append(
        EvaluatedSample(
          id: text[0], label: labels[text[1]], primary: rows[0], terms: Array(rows.dropFirst().dropLast()),
          final: rows[rows.count - 1]))
    }
    self.init(classes: classes, termNames: Array(names.dropFirst().dropLast()), samples: samples)
  }
}
