import NeuralKit
import TensorKit

/// A component that delivers something else than it declared.
public struct ComponentFault: Error, Equatable, CustomStringConvertible {
  /// Which component, what it delivered, and what was expected.
  public let description: String
  /// Whether it is about numbers that are not finite, which may come from what the component was given.
  package let isNonFinite: Bool

  init(_ component: String, _ problem: String, isNonFinite: Bool = false) {
    (description, self.isNonFinite) = ("\(component): \(problem)", isNonFinite)
  }
}

/// Compares what the parts of a model deliver with what they declared. Shapes are looked at in every pass; the values
/// where it is thorough.
struct OutputCheck {
  let rows: Int
  let views: Int
  let classCount: Int
  let isThorough: Bool

  func pyramid<Kind>(_ found: FeaturePyramid, _ declared: [PyramidLevel], _ part: Part<Kind>) throws {
    let shapes = found.levels.map(\.shape)
    let expected = declared.map { [rows * views, $0.height, $0.width, $0.channels] }
    guard shapes == expected else {
      throw ComponentFault(part.title, "its levels have shapes \(shapes), it declared \(expected)")
    }
    try check(finite: found.levels, part)
    try evidence(found.evidence, part, rows: rows * views, views: 1)
  }

  func encoding(_ found: Encoding, size: Int, _ part: Part<any Encoder>) throws {
    try shape(found.embedding, [rows, size], "its embedding", part)
    try check(finite: [found.embedding], part)
    try evidence(found.evidence, part, rows: rows, views: views)
  }

  func head(_ found: HeadOutput, _ part: Part<any Head>) throws {
    try shape(found.logits, [rows, classCount], "its scores", part)
    try check(finite: [found.logits], part)
    try evidence(found.evidence, part, rows: rows, views: views)
  }

  func correction(_ found: Correction, _ part: Part<any CorrectionTerm>) throws {
    try shape(found.distribution, [rows, classCount], "its distribution", part)
    try check(finite: [found.distribution], part)
    try evidence(found.evidence, part, rows: rows, views: views)
    guard isThorough else { return }
    let values = found.distribution.values
    for row in 0..<rows {
      let shares = values[row * classCount..<(row + 1) * classCount]
      guard !shares.areShares else { continue }
      throw ComponentFault(
        part.title,
        "row \(row) of its distribution is \(Array(shares)), which sums to \(shares.reduce(0, +)); rows must hold "
          + "shares of at least 0 that sum to 1")
    }
  }

  func loss(_ found: Tensor, _ scope: LossScope, named title: String) throws {
    let expected = scope == .samples ? [rows] : [1]
    guard found.shape == expected else {
      throw ComponentFault(
        title, "its value has shape \(found.shape), expected \(expected) for a loss of scope \(scope)")
    }
    try check(finite: [found], named: title)
  }

  /// - Parameter weights: how much each of `count` rows counts in a loss.
  func rowWeights(_ weights: [Float], count: Int, named title: String) throws {
    guard weights.count != count || !weights.allSatisfy({ $0 >= 0 && $0.isFinite }) else { return }
    throw ComponentFault(
      title,
      "it weighs \(count) rows by \(weights.count) numbers, \(weights.map { "\($0)" }.listed(atMost: 8)); there must "
        + "be one for each, finite and at least 0")
  }

  private func shape<Kind>(_ found: Tensor, _ expected: [Int], _ what: String, _ part: Part<Kind>) throws {
    guard found.shape == expected else {
      throw ComponentFault(part.title, "\(what) has shape \(found.shape), expected \(expected)")
    }
  }

  private func check<Kind>(finite tensors: [Tensor], _ part: Part<Kind>, _ what: String = "delivers") throws {
    try check(finite: tensors, named: part.title, what)
  }

  private func check(finite tensors: [Tensor], named title: String, _ what: String = "delivers") throws {
    guard isThorough, let bad = tensors.first(where: { $0.nonFiniteCount > 0 }) else { return }
    throw ComponentFault(
      title, "\(what) \(bad.nonFiniteCount) of \(bad.count) numbers that are not finite", isNonFinite: true)
  }

  private func evidence<Kind>(_ found: Evidence, _ part: Part<Kind>, rows: Int, views: Int) throws {
    if let missing = part.provides.first(where: { found[$0] == nil }) {
      throw ComponentFault(part.title, "declares the evidence \"\(missing)\" and does not deliver it")
    }
    if let extra = found.keys.filter({ !part.provides.contains($0) }).min(by: { $0.name < $1.name }) {
      throw ComponentFault(part.title, "delivers the evidence \"\(extra)\", which it does not declare")
    }
    for (key, value) in found.byName {
      if let problem = key.problem(with: value.shape, rows: rows, views: views) {
        throw ComponentFault(part.title, problem)
      }
      try check(finite: [value], part, "delivers the evidence \"\(key)\" with")
    }
  }
}
