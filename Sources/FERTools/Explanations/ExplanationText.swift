import FERCore
import FERData
import FERTraining
import Support

extension Explanation {
  /// All numbers as JSON: distributions with their weights, maps as arrays with their shapes, anchors, training faces.
  /// - Parameter boxes: of the image's views, as shares of its sides; none where there is one.
  package func object(classes: [String], termNames: [String], boxes: [Canvas.Box] = []) -> OrderedObject {
    var result = OrderedObject()
    result.add("image", row.id)
    result.add("class", classes[row.prediction])
    result.add("confidence", Double(row.confidence))
    result.add("classes", .texts(classes))
    var explained = OrderedObject()
    explained.add("class", classes[label])
    explained.add("of", subject.rawValue)
    explained.add("score", Double(score))
    result.add("explained", explained)
    result.add("distributions", distributions(termNames))
    if boxes.count > 1 {
      result.add(
        "views", .array(boxes.map { .array([$0.x, $0.y, $0.right, $0.bottom].map { .number($0) }) }))
    }
    result.add("activation", levels.map(\.object))
    result.add(
      "attention",
      attention.map { shown in
        var entry = OrderedObject()
        entry.add("name", shown.name)
        shown.map.add(to: &entry)
        return entry
      })
    if let evidence = row.evidenceObject { result.add("evidence", evidence) }
    result.add(
      "anchors",
      anchors.map { anchor in
        var entry = OrderedObject()
        entry.add("class", classes[anchor.label])
        entry.add("number", anchor.number)
        entry.add("distance", anchor.distance)
        entry.add("trainingFaces", anchor.faces.map { $0.object(classes) })
        return entry
      })
    result.add("trainingFaces", faces.map { $0.object(classes) })
    return result
  }

  /// Primary, terms and final, each with its confidence, the weight that it has in the final one, and what a term adds to
  /// the primary one.
  private func distributions(_ termNames: [String]) -> [OrderedObject] {
    let (weights, moves) = (row.balanceWeights, row.moves)
    func entry(_ name: String, _ values: [Float], weight: Float?, moved: [Float]? = nil) -> OrderedObject {
      var entry = OrderedObject()
      entry.add("name", name)
      entry.add("probabilities", .numbers(values))
      entry.add("confidence", Double(values.confidence))
      if let weight { entry.add("weight", Double(weight)) }
      if let moved { entry.add("moved", .numbers(moved)) }
      return entry
    }
    return [entry("primary", row.primary, weight: weights.primary)]
      + row.terms.indices.map {
        entry(termNames[$0], row.terms[$0], weight: weights.terms[$0], moved: moves[$0])
      } + [entry("final", row.final, weight: nil)]
  }

  /// What there is to say in a few lines, for people.
  package func text(classes: [String], termNames: [String]) -> String {
    let percent = { (value: Float) in "\(Int((100 * value).rounded()))%" }
    let names = classes.map(\.printable)
    let kind = subject == .final ? "log-probability" : "score"
    var lines = [
      "\(row.id.printable): \(names[row.prediction]) (confidence \(percent(row.confidence)))",
      "  explained: \(names[label]), \(subject.rawValue), \(kind) \(Double(score).rounded(places: 3))",
    ]
    if !row.terms.isEmpty {
      let parts = zip(
        ["primary"] + termNames,
        zip([row.balanceWeights.primary] + row.balanceWeights.terms, [row.primary] + row.terms))
      lines.append(
        "  \(names[label]): final \(percent(row.final[label])) = "
          + parts.map { "\(percent($1.0)) of \($0) \(percent($1.1[label]))" }.joined(separator: " + "))
    }
    let silent = levels.filter { $0.activation == nil }
    if !silent.isEmpty {
      lines.append(
        "  no gradient reaches level \(silent.map { "\($0.number) (\($0.size))" }.joined(separator: ", ")): "
          + "the score does not depend on it")
    }
    if !anchors.isEmpty {
      lines.append(
        "  nearest anchors: "
          + anchors.map { "\(names[$0.label]) \($0.number) at \($0.distance.rounded(places: 2))" }
          .joined(separator: ", "))
    }
    if !faces.isEmpty {
      lines.append(
        "  nearest training faces: "
          + faces.map { "\($0.id.printable) (\(names[$0.label])) at \($0.distance.rounded(places: 2))" }
          .joined(separator: ", "))
    }
    return lines.joined(separator: "\n")
  }
}

extension Explanation.Level {
  fileprivate var object: OrderedObject {
    var entry = OrderedObject()
    entry.add("level", number)
    if let activation {
      activation.add(to: &entry)
    } else {
      entry.add("problem", "no gradient reaches this level: the score does not depend on it")
    }
    return entry
  }
}

extension FaceMap {
  /// Its shape `[h, w]`, or of more views than one `[V, h, w]`, and its numbers.
  fileprivate func add(to entry: inout OrderedObject) {
    let rows = { (view: [[Float]]) in JSONValue.array(view.map(JSONValue.numbers)) }
    let shape = (views.count == 1 ? [] : [views.count]) + [size.height, size.width]
    entry.add("shape", .array(shape.map { .int($0) }))
    entry.add("map", views.count == 1 ? rows(views[0]) : .array(views.map(rows)))
  }
}

extension TrainingFaces.Near {
  fileprivate func object(_ classes: [String]) -> OrderedObject {
    var entry = OrderedObject()
    entry.add("image", id)
    entry.add("class", classes[label])
    entry.add("distance", distance)
    return entry
  }
}
