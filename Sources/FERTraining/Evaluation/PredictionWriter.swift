import FERCore
import NeuralKit
import Support

/// Tells predictions one after another, in one of several forms. Nothing is kept, however many there are.
package struct PredictionWriter {
  /// What is written.
  package enum Form: Sendable {
    /// A few lines for each image, for people.
    case text
    /// One JSON object over several lines: classes, predictions, and what could not be read.
    case json
    /// One JSON object on a line for each image.
    case lines
    /// Comma-separated values (RFC 4180) with a row of names first; evidence of one number, or one for each view, comes
    /// last.
    case csv
  }

  /// What is said of an image whose confidence is too low.
  package static let abstained = "abstained"

  private let form: Form
  private let classes: [String]
  private let termNames: [String]
  private let top: Int?
  private let threshold: Float?
  private let print: (String) throws -> Void
  private var count = 0
  private var problems: [OrderedObject] = []
  /// How many images were below the confidence asked for.
  package private(set) var abstentions = 0

  /// - Parameter top: so many classes of the final distribution are named, the likeliest first.
  /// - Parameter threshold: below this confidence (0...1) no class is named. All numbers are told nevertheless.
  /// - Parameter print: takes a line; what it throws ends the writing.
  package init(
    _ form: Form, classes: [String], termNames: [String], top: Int? = nil,
    abstainBelow threshold: Float? = nil, print: @escaping (String) throws -> Void
  ) {
    (self.form, self.classes, self.termNames, self.print) = (form, classes, termNames, print)
    self.top = top.map { min($0, classes.count) }
    self.threshold = threshold
  }

  /// Whether a prediction is too unsure to be named.
  package func abstains(_ row: EvaluatedSample) -> Bool { threshold.map { row.confidence < $0 } ?? false }

  /// Begins. Nothing may have been written before.
  package func begin() throws {
    switch form {
    case .text, .lines, .csv: break  // The columns of a table follow from the first prediction.
    case .json: try print("{\"classes\": " + JSONValue.texts(classes).oneLine + ", \"predictions\": [")
    }
  }

  /// Writes one prediction.
  package mutating func write(_ row: EvaluatedSample) throws {
    if abstains(row) { abstentions += 1 }
    switch form {
    case .text: try print(text(row))
    case .json: try print((count == 0 ? "  " : ", ") + object(row).text)
    case .lines: try print(object(row, naming: true).text)
    case .csv:
      if count == 0 { try print(columnNames(row.evidenceColumns)) }
      let ranks = (top.map(row.likeliest) ?? []).flatMap { [classes[$0], "\(row.final[$0])"] }
      let numbers = ([row.primary] + row.terms + [row.final]).flatMap { $0 } + row.evidenceNumbers
      try print(line([row.id, name(row), "\(row.confidence)"] + ranks + numbers.map { "\($0)" }))
    }
    count += 1
  }

  /// Notes an image that could not be read; forms that have no place for it leave it out.
  package mutating func write(unreadable image: String, _ problem: String) throws {
    var object = OrderedObject()
    object.add("image", image)
    object.add("problem", problem)
    if case .lines = form { try print(object.text) }
    if case .json = form { problems.append(object) }
  }

  /// Ends. Nothing may be written afterwards.
  package func end() throws {
    switch form {
    case .text, .lines: break
    case .json: try print("], \"unreadable\": [" + problems.map(\.text).joined(separator: ",\n  ") + "]}")
    case .csv: if count == 0 { try print(columnNames([])) }
    }
  }

  /// The names of a table's columns, the last of them those of evidence.
  private func columnNames(_ evidence: [String]) -> String {
    let ranks = (0..<(top ?? 0)).flatMap { ["top \($0 + 1)", "top \($0 + 1) probability"] }
    let names = (["primary"] + termNames + ["final"]).flatMap { set in classes.map { "\(set) \($0)" } }
    return line(["image", "class", "confidence"] + ranks + names + evidence)
  }

  private func name(_ row: EvaluatedSample) -> String {
    abstains(row) ? Self.abstained : classes[row.prediction]
  }

  // Readers of comma-separated values count lines by CR LF; the printer adds the LF.
  private func line(_ fields: [String]) -> String { fields.map(CSV.field).joined(separator: ",") + "\r" }

  /// - Parameter naming: whether the object tells the classes, because nothing around it does.
  private func object(_ row: EvaluatedSample, naming: Bool = false) -> OrderedObject {
    let array = JSONValue.numbers
    var result = OrderedObject()
    result.add("image", row.id)
    result.add("class", name(row))
    result.add("confidence", Double(row.confidence))
    if threshold != nil { result.add("abstained", .bool(abstains(row))) }
    if let top {
      result.add(
        "top",
        row.likeliest(top).map { label in
          var entry = OrderedObject()
          entry.add("class", classes[label])
          entry.add("probability", Double(row.final[label]))
          return entry
        })
    }
    if naming { result.add("classes", .texts(classes)) }
    result.add("primary", array(row.primary))
    var named = OrderedObject()
    for (name, term) in zip(termNames, row.terms) { named.add(name, array(term)) }
    result.add("terms", named)
    result.add("final", array(row.final))
    if let evidence = row.evidenceObject { result.add("evidence", evidence) }
    return result
  }

  private func text(_ row: EvaluatedSample) -> String {
    let percent = { (value: Float) in "\(Double(100 * value).rounded(places: 0))%" }
    let parts =
      [("primary", row.primary)] + zip(termNames, row.terms).map { ($0, $1) } + [("final", row.final)]
    let limit = abstains(row) ? ", below \(threshold ?? 0)" : ""
    return "\(row.id.printable): \(name(row).printable) (confidence \(percent(row.confidence))\(limit))\n"
      + parts.map { name, values in
        let best = values.likeliest(top ?? 3).map { "\(classes[$0].printable) \(percent(values[$0]))" }
        return "  \(name): \(best.joined(separator: ", "))"
      }.joined(separator: "\n")
  }
}

extension EvaluatedSample {
  /// The classes of the balanced distribution, the likeliest first.
  func likeliest(_ count: Int) -> [Int] { final.likeliest(count) }

  /// Its evidence as JSON, in the order of names; nil where there is none.
  package var evidenceObject: OrderedObject? {
    guard !evidence.isEmpty else { return nil }
    var object = OrderedObject()
    for (key, rows) in evidence.sorted(by: { $0.key.name < $1.key.name }) {
      switch key.layout {
      case .sample: object.add(key.name, Double(rows[0][0]))
      case .views: object.add(key.name, .numbers(rows[0]))
      default: object.add(key.name, .array(rows.map(JSONValue.numbers)))
      }
    }
    return object
  }
}

extension JSONValue {
  /// A list of numbers; null for each that is not finite.
  package static func numbers(_ values: [Float]) -> JSONValue { .array(values.map { .number(Double($0)) }) }
}

extension [Float] {
  /// The indices of the largest numbers, the first of equals first.
  fileprivate func likeliest(_ count: Int) -> [Int] {
    Array<Int>(indices.sorted { (self[$1], $0) < (self[$0], $1) }.prefix(count))
  }
}
