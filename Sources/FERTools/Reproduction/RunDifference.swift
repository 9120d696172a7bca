import FERData
import FERTraining
import Foundation
import NeuralKit
import Support

/// The first thing in which a run and its reproduction differ.
package struct RunDifference: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file that tells it, by its name in the run's folder.
  package let file: String
  /// Steps done in all; nil for what belongs to no step.
  package let step: Int?
  /// What differs: "losses.nll", "backbone.stem.weight[0, 3]", "final happy of happy/0001.png".
  package let quantity: String
  /// Its value in the run.
  package let run: String
  /// Its value in the reproduction.
  package let reproduction: String

  /// For people.
  package var description: String {
    "\(file)\(step.map { ", step \($0)" } ?? ""): \(quantity) is \(run) in the run, \(reproduction) in its reproduction"
  }
}

/// Compares lines of metrics.jsonl as they are written with those of a run.
final class MetricsComparison {
  private let expected: [String]
  /// How many lines were the same.
  private(set) var count = 0

  /// - Parameter expected: the run's lines.
  init(_ expected: [String]) { self.expected = expected }

  /// Compares the next line.
  /// - Throws: ``RunDifference``.
  func compare(_ line: String) throws {
    guard expected.indices.contains(count) else { throw Self.difference(nil, line) }
    guard expected[count] == line else { throw Self.difference(expected[count], line) }
    count += 1
  }

  /// - Throws: ``RunDifference`` where the run has lines that did not come.
  func end() throws {
    if count < expected.count { throw Self.difference(expected[count], nil) }
  }

  /// What these members are comes before what they lead to.
  private static let first = ["event", "step", "epoch", "images", "learningRate", "loss"]

  private static func difference(_ run: String?, _ reproduction: String?) -> RunDifference {
    let lines = [run, reproduction].map { line in
      line.flatMap { try? JSON5Parser.parse($0).value }?.textsByPath ?? [:]
    }
    let step = (lines[0]["step"] ?? lines[1]["step"]).flatMap { Int($0) }
    func made(_ quantity: String, _ one: String, _ other: String) -> RunDifference {
      RunDifference(
        file: "metrics.jsonl", step: step, quantity: quantity, run: one, reproduction: other)
    }
    guard run != nil, reproduction != nil else {
      let event = (lines[0]["event"] ?? lines[1]["event"])?.filter { $0 != "\"" } ?? "damaged"
      let words = [run, reproduction].map { $0 == nil ? "not there" : "there" }
      return made("the line \"\(event)\"", words[0], words[1])
    }
    let keys = first + Set(lines[0].keys).union(lines[1].keys).subtracting(first).sorted()
    guard let key = keys.first(where: { lines[0][$0] != lines[1][$0] }) else {
      return made("the line", "written otherwise", "written otherwise")
    }
    return made(key, lines[0][key] ?? "not there", lines[1][key] ?? "not there")
  }
}

extension RunDifference {
  /// Compares every array of two files of weights, in the order of their names.
  /// - Returns: how many there are.
  /// - Throws: the first difference; `FileProblem` where a file cannot be read.
  static func compareWeights(_ name: String, of run: String, with reproduction: String) throws -> Int {
    let files = try [run, reproduction].map { try WeightFile("\($0)/\(name)") }
    for file in files { try file.verifyDigest() }
    let names = Set(files[0].names).union(files[1].names).sorted()
    for array in names {
      func difference(_ quantity: String, _ values: [String]) -> RunDifference {
        RunDifference(file: name, step: nil, quantity: quantity, run: values[0], reproduction: values[1])
      }
      let shapes = files.map { $0.shape(of: array) }
      guard let shape = shapes[0], shape == shapes[1] else {
        throw difference(array, shapes.map { $0.map { "of the shape \($0)" } ?? "not there" })
      }
      let values = try files.map { try $0.tensor(array).values }
      let place = zip(values[0], values[1]).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }?.offset
      guard let place else { continue }
      throw difference(array + index(place, in: shape), values.map { "\($0[place])" })
    }
    return names.count
  }

  /// "[0, 3]"
  private static func index(_ place: Int, in shape: [Int]) -> String {
    guard !shape.isEmpty else { return "" }
    var (rest, indices) = (place, [Int]())
    for length in shape.reversed() {
      indices.insert(rest % length, at: 0)
      rest /= length
    }
    return "\(indices)"
  }

  /// Compares two tables of predictions.
  /// - Returns: how many images they tell of.
  /// - Throws: the first difference; `DataProblem` where a file cannot be read.
  static func comparePredictions(of run: String, with reproduction: String) throws -> Int {
    let name = "predictions.csv"
    let tables = try [run, reproduction].map { try rows(of: "\($0)/\(name)") }
    func difference(_ quantity: String, _ one: String, _ other: String) -> RunDifference {
      RunDifference(file: name, step: nil, quantity: quantity, run: one, reproduction: other)
    }
    for (one, other) in zip(tables[0], tables[1]) where one != other {
      guard one.count == other.count, one[0] == other[0] else {
        throw difference("the next image", one[0], other[0])
      }
      for (column, (old, new)) in zip(one, other).enumerated() where old != new {
        let title = tables[0][0].indices.contains(column) ? tables[0][0][column] : "column \(column + 1)"
        throw difference("\(title) of \(one[0])", old, new)
      }
    }
    guard tables[0].count == tables[1].count else {
      throw difference("the number of images", "\(tables[0].count - 1)", "\(tables[1].count - 1)")
    }
    return tables[0].count - 1
  }

  private static func rows(of path: String) throws -> [[String]] {
    let reader = try TableReader(path, separator: .comma)
    var rows: [[String]] = []
    while let row = try reader.next() {
      rows.append(row.fields.indices.map { row.text($0)?.printable ?? "" })
    }
    return rows
  }
}
