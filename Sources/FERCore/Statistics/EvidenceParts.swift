/// Samples that have about as much of something that a stage noticed: how often the model is right on them.
package struct EvidencePart: Sendable, Equatable {
  /// The least and the most of it.
  package let bounds: ClosedRange<Float>
  /// How many samples there are.
  package let count: Int
  /// How many of them the balanced distribution answers rightly.
  package let right: Int
}

extension EvaluatedSet {
  /// The samples of known class and finite evidence in parts of about the same size, from little evidence to much; of equal
  /// evidence in the order of the set. Fewer samples than parts are a part each; empty where there is none.
  /// - Parameter key: evidence of the layout `sample`.
  package func parts(by key: EvidenceKey, count: Int) -> [EvidencePart] {
    let rated = samples.compactMap { sample -> (value: Float, isRight: Bool)? in
      guard let value = sample.evidence[key]?.first?.first, value.isFinite, let isRight = sample.isRight
      else { return nil }
      return (value, isRight)
    }
    let order = rated.indices.sorted { (rated[$0].value, $0) < (rated[$1].value, $1) }
    let count = min(count, order.count)
    return (0..<count).map { part in
      let places = order[part * order.count / count..<(part + 1) * order.count / count]
      let values = places.map { rated[$0].value }
      return EvidencePart(
        bounds: values[0]...values[values.count - 1], count: values.count,
        right: places.filter { rated[$0].isRight }.count)
    }
  }
}
