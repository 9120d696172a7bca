import FERCore
import Support
import TensorKit

/// What one of several processes found of its share of a set of images.
struct EvaluatedShare {
  /// Of each batch the objective, and how many images it is the mean of.
  var losses: [Float] = []
  /// Where the rows stand in the set.
  var indices: [Int] = []
  var rows: [EvaluatedSample] = []
  var termNames: [String] = []
  var shared: Evidence = [:]
  /// Of each batch; of very many images those of the first.
  var embeddings: [Tensor] = []
  var problems: [String] = []

  /// The batches of one rank; the first has some wherever anybody has.
  static func batches(_ count: Int, of ranks: any Collective) -> Range<Int> {
    let first = { (rank: Int) in (rank * count + ranks.size - 1) / ranks.size }
    return first(ranks.rank)..<first(ranks.rank + 1)
  }

  /// The mean of the objective over the images, added in their order; nil without any.
  var loss: Double? {
    let pairs = stride(from: 0, to: losses.count, by: 2).map { (Double(losses[$0]), Double(losses[$0 + 1])) }
    return rows.isEmpty ? nil : pairs.reduce(0) { $0 + $1.0 * $1.1 } / Double(rows.count)
  }

  /// Puts the shares of all ranks together, on every rank.
  /// - Parameter samples: what is known of the set.
  /// - Throws: `CollectiveFault`
  mutating func join(on ranks: any Collective, samples: [Sample]) throws {
    guard ranks.size > 1 else { return }
    problems = try ranks.gathered(values: problems).flatMap { $0 }
    losses = Array(try ranks.gathered(losses).joined())
    let layouts = try ranks.gathered(values: rows.first.map { [RowLayout(of: $0, termNames)] } ?? [])
    guard let layout = layouts.lazy.compactMap(\.first).first else { return }
    termNames = layout.termNames
    let places = try ranks.gathered(indices.map { Float(bitPattern: UInt32($0)) }).joined()
    indices = places.map { Int($0.bitPattern) }
    let numbers = Array(try ranks.gathered(rows.flatMap(layout.numbers)).joined())
    rows = indices.enumerated().map { place, index in
      layout.row(samples[index], numbers[place * layout.count..<(place + 1) * layout.count])
    }
    let widths = try ranks.gathered([Float(embeddings.first?.shape[1] ?? 0)]).joined()
    let width = Int(widths.max() ?? 0)
    guard width > 0 else { return }
    let values = Array(try ranks.gathered(embeddings.flatMap(\.values)).joined())
    embeddings = [Tensor([values.count / width, width], values)]
  }
}

/// How what is said of a sample lies as a row of numbers, the same for all samples of a set.
private struct RowLayout: Codable {
  struct Map: Codable {
    let name: String
    let layout: String
    let height: Int
    let width: Int

    var key: EvidenceKey { EvidenceKey(name, EvidenceKey.Layout(rawValue: layout) ?? .rows) }
  }

  let termNames: [String]
  private let classCount: Int
  private let evidence: [Map]
  /// Of shared evidence, how many points lie near.
  private let nearest: [Map]

  init(of row: EvaluatedSample, _ termNames: [String]) {
    (self.termNames, classCount) = (termNames, row.final.count)
    evidence = row.evidence.map { key, lines in
      Map(name: key.name, layout: key.layout.rawValue, height: lines.count, width: lines.first?.count ?? 0)
    }
    nearest = row.nearest.map { key, points in
      Map(name: key.name, layout: key.layout.rawValue, height: points.count, width: 2)
    }
  }

  /// Numbers in a row.
  var count: Int {
    (termNames.count + 2) * classCount + (evidence + nearest).reduce(0) { $0 + $1.height * $1.width }
  }

  func numbers(of row: EvaluatedSample) -> [Float] {
    let maps = evidence.flatMap { row.evidence[$0.key, default: []].joined() }
    let points = nearest.flatMap { map in
      row.nearest[map.key, default: []].flatMap { [Float($0.label), $0.distance] }
    }
    return ([row.primary] + row.terms + [row.final, maps, points]).flatMap { $0 }
  }

  func row(_ sample: Sample, _ numbers: ArraySlice<Float>) -> EvaluatedSample {
    var rest = numbers
    func take(_ count: Int) -> [Float] {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    let (primary, terms) = (take(classCount), termNames.map { _ in take(classCount) })
    var row = EvaluatedSample(
      id: sample.id, label: sample.label, primary: primary, terms: terms, final: take(classCount))
    (row.group, row.attributes) = (sample.group, sample.attributes)
    for map in evidence { row.evidence[map.key] = (0..<map.height).map { _ in take(map.width) } }
    for map in nearest {
      row.nearest[map.key] = (0..<map.height).map { _ in
        let pair = take(2)
        return NearPoint(label: Int(pair[0]), distance: pair[1])
      }
    }
    return row
  }
}
