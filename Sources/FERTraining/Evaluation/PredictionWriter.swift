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

  /// Which of the faces in a photograph a prediction is of.
  package struct Face: Sendable {
    /// From 1 on.
    package let number: Int
    /// Where it is, and how sure the detector is of it.
    package let found: DetectedFace

    /// A face and its number.
    package init(number: Int, found: DetectedFace) { (self.number, self.found) = (number, found) }

    fileprivate static let columns = ["face", "left", "top", "width", "height", "score"]
    fileprivate var box: [Int] {
      let box = found.box
      return [box.left, box.top, box.right - box.left, box.bottom - box.top]
    }
  }

  /// What is said of an image whose confidence is too low.
  package static let abstained = "abstained"

  private let form: Form
  private let classes: [String]
  private let termNames: [String]
  private let top: Int?
  private let threshold: Float?
  private let isSmoothed: Bool
  private let hasFaces: Bool
  private let print: (String) throws -> Void
  private var count = 0
  private var problems: [OrderedObject] = []
  private var faceless: [String] = []
  /// How many images were below the confidence asked for.
  package private(set) var abstentions = 0

  /// - Parameter top: so many classes of the final distribution are named, the likeliest first.
  /// - Parameter threshold: below this confidence (0...1) no class is named. All numbers are told nevertheless.
  /// - Parameter isSmoothed: whether final distributions are smoothed over time; the image's own is then told beside.
  /// - Parameter hasFaces: whether faces are looked for in photographs.
  /// - Parameter print: takes a line; what it throws ends the writing.
  package init(
    _ form: Form, classes: [String], termNames: [String], top: Int? = nil,
    abstainBelow threshold: Float? = nil, isSmoothed: Bool = false,
    hasFaces: Bool = false, print: @escaping (String) throws -> Void
  ) {
    (self.form, self.classes, self.termNames, self.print) = (form, classes, termNames, print)
    self.top = top.map { min($0, classes.count) }
    (self.threshold, self.isSmoothed, self.hasFaces) = (threshold, isSmoothed, hasFaces)
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
  /// - Parameter unsmoothed: the final distribution of this image alone, where that of the row is smoothed.
  /// - Parameter track: which of the faces seen so far it is, where they are smoothed.
  package mutating func write(
    _ row: EvaluatedSample, face: Face? = nil, unsmoothed: [Float] = [], track: Int? = nil
  ) throws {
    let own = isSmoothed ? unsmoothed : []
    let place = Place(face: face, track: isSmoothed && hasFaces ? track : nil)
    if abstains(row) { abstentions += 1 }
    switch form {
    case .text: try print(text(row, face))
    case .json: try print((count == 0 ? "  " : ", ") + object(row, own, place).text)
    case .lines: try print(object(row, own, place, naming: true).text)
    case .csv:
      if count == 0 { try print(columnNames(row.evidenceColumns)) }
      let ranks = (top.map(row.likeliest) ?? []).flatMap { [classes[$0], "\(row.final[$0])"] }
      let numbers = ([row.primary] + row.terms + [row.final, own]).flatMap { $0 } + row.evidenceNumbers
      try print(
        line(
          [row.id] + columns(of: place) + [name(row), "\(row.confidence)"] + ranks + numbers.map { "\($0)" }))
    }
    count += 1
  }

  /// Notes a photograph without a face; a table has no place for it.
  package mutating func write(faceless image: String) throws {
    switch form {
    case .text: try print("\(image.printable): no face")
    case .json: faceless.append(image)
    case .lines:
      var object = OrderedObject()
      object.add("image", image)
      object.add("faces", .int(0))
      try print(object.text)
    case .csv: break
    }
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
    case .json:
      let none = hasFaces ? "\"faceless\": \(JSONValue.texts(faceless).oneLine), " : ""
      try print("], \(none)\"unreadable\": [" + problems.map(\.text).joined(separator: ",\n  ") + "]}")
    case .csv: if count == 0 { try print(columnNames([])) }
    }
  }

  /// The names of a table's columns, the last of them those of evidence.
  private func columnNames(_ evidence: [String]) -> String {
    let ranks = (0..<(top ?? 0)).flatMap { ["top \($0 + 1)", "top \($0 + 1) probability"] }
    let sets = ["primary"] + termNames + ["final"] + (isSmoothed ? ["unsmoothed"] : [])
    let names = sets.flatMap { set in classes.map { "\(set) \($0)" } }
    let places = hasFaces ? Face.columns + (isSmoothed ? ["track"] : []) : []
    return line(["image"] + places + ["class", "confidence"] + ranks + names + evidence)
  }

  private func name(_ row: EvaluatedSample) -> String {
    abstains(row) ? Self.abstained : classes[row.prediction]
  }

  /// Which face a prediction is of.
  private struct Place {
    let face: Face?
    let track: Int?
  }

  private func columns(of place: Place) -> [String] {
    guard let face = place.face else { return [] }
    return ["\(face.number)"] + face.box.map { "\($0)" } + ["\(face.found.score)"]
      + (place.track.map { ["\($0)"] } ?? [])
  }

  // Readers of comma-separated values count lines by CR LF; the printer adds the LF.
  private func line(_ fields: [String]) -> String { fields.map(CSV.field).joined(separator: ",") + "\r" }

  /// - Parameter naming: whether the object tells the classes, because nothing around it does.
  private func object(
    _ row: EvaluatedSample, _ unsmoothed: [Float], _ place: Place, naming: Bool = false
  ) -> OrderedObject {
    let array = JSONValue.numbers
    var result = OrderedObject()
    result.add("image", row.id)
    if let face = place.face {
      result.add("face", .int(face.number))
      result.add("box", .array(face.box.map { .int($0) }))
      result.add("score", Double(face.found.score))
    }
    if let track = place.track { result.add("track", .int(track)) }
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
    if !unsmoothed.isEmpty { result.add("unsmoothed", array(unsmoothed)) }
    if let evidence = row.evidenceObject { result.add("evidence", evidence) }
    return result
  }

  private func text(_ row: EvaluatedSample, _ face: Face?) -> String {
    let percent = { (value: Float) in "\(Double(100 * value).rounded(places: 0))%" }
    let parts =
      [("primary", row.primary)] + zip(termNames, row.terms).map { ($0, $1) } + [("final", row.final)]
    let limit = abstains(row) ? ", below \(threshold ?? 0)" : ""
    let place = face.map { face in
      let box = face.box
      return ", face \(face.number) at \(box[0]),\(box[1]) (\(box[2])x\(box[3]))"
    }
    return
      "\(row.id.printable)\(place ?? ""): \(name(row).printable) (confidence \(percent(row.confidence))\(limit))\n"
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
