import FERTraining
import FERCore
import TensorKit
import Support

/// Where time goes, by component and by kind of operation.
package struct TimeTable: Sendable {
  /// What was booked under one name. Times are per image, in milliseconds.
  package struct Line: Sendable {
    /// Of the component or operation.
    package let name: String
    /// How often operations ran, for the whole batch.
    package var calls = 0
    /// By direction.
    package var milliseconds: [Profile.Direction: Double] = [:]
    /// Multiply-adds per image, all directions.
    package var work = 0.0
    /// The least and the greatest ``total`` of all profiled runs.
    package fileprivate(set) var least = 0.0, greatest = 0.0

    /// All directions.
    package var total: Double { milliseconds.values.reduce(0, +) }
    /// Thousand million floating-point operations per second; nil where the work is not made of multiply-adds.
    package var gigaflops: Double? { work > 0 && total > 0 ? 2e-6 * work / total : nil }
  }

  /// What took longest first.
  package let components: [Line]
  /// What took longest first.
  package let operations: [Line]
  /// All of it.
  package let total: Double
  /// How many runs were profiled.
  package let runs: Int
  private let directions: [Profile.Direction]

  /// Of the run that took the median time.
  /// - Parameter profiles: of at least one run, the quickest first.
  init(_ profiles: [Profile], images: Int) {
    let profile = profiles[profiles.count / 2]
    let rows = profile.rows
    components = Self.lines(profiles, images, \.key.component)
    operations = Self.lines(profiles, images, \.key.operation)
    (total, runs) = (1000 * profile.seconds / Double(images), profiles.count)
    directions = [.forward, .backward, .update].filter { direction in
      rows.contains { $0.key.direction == direction }
    }
  }

  private static func lines(
    _ profiles: [Profile], _ images: Int, _ name: (Profile.Row) -> String
  ) -> [Line] {
    let runs = profiles.map { lines($0, images, name) }
    return runs[runs.count / 2].values.map { line in
      var line = line
      let totals = runs.map { $0[line.name]?.total ?? 0 }
      (line.least, line.greatest) = (totals.min() ?? 0, totals.max() ?? 0)
      return line
    }.sorted { ($1.total, $0.name) < ($0.total, $1.name) }
  }

  private static func lines(
    _ profile: Profile, _ images: Int, _ name: (Profile.Row) -> String
  ) -> [String: Line] {
    var lines: [String: Line] = [:]
    for row in profile.rows {
      var line = lines[name(row)] ?? Line(name: name(row))
      line.calls += row.calls
      line.milliseconds[row.key.direction, default: 0] += 1000 * row.seconds / Double(images)
      line.work += Double(row.work) / Double(images)
      lines[line.name] = line
    }
    return lines
  }

  /// Two tables for people.
  /// - Parameter peak: of the machine, in GFLOP/s.
  func text(peak: Double) -> String {
    text(of: components, "component", peak) + "\n" + text(of: operations, "operation", peak, atMost: 16)
  }

  private func text(of lines: [Line], _ title: String, _ peak: Double, atMost limit: Int = .max) -> String {
    let parts = directions.count > 1 ? directions : []
    var rows = [[title] + parts.map { "\($0) ms" } + ["ms per image", "share", "GFLOP/s", "of peak"]]
    for line in lines.prefix(limit) {
      let times = parts.map { line.milliseconds[$0]?.rounded(places: 3) ?? "" }
      let rate = line.gigaflops.map { [$0.rounded(places: 1), percent($0 / peak)] } ?? []
      rows.append([line.name] + times + [line.total.rounded(places: 3), percent(line.total / total)] + rate)
    }
    let rest = lines.dropFirst(limit)
    if !rest.isEmpty {
      let sum = rest.reduce(0) { $0 + $1.total }
      rows.append(
        ["\(rest.count) others"] + parts.map { _ in "" } + [sum.rounded(places: 3), percent(sum / total)])
    }
    return TextTable.text(rows, words: 1, indent: 2) + "\n"
  }

  private func percent(_ share: Double) -> String { (100 * share).rounded(places: 1) + " %" }

  var object: OrderedObject {
    var result = OrderedObject()
    result.add("ms_per_image", total)
    result.add("repetitions", runs)
    result.add("components", components.map { object($0, "component") })
    result.add("operations", operations.map { object($0, "operation") })
    return result
  }

  private func object(_ line: Line, _ title: String) -> OrderedObject {
    var result = OrderedObject()
    result.add(title, line.name)
    result.add("calls", line.calls)
    for direction in directions { result.add("\(direction)_ms_per_image", line.milliseconds[direction] ?? 0) }
    result.add(
      "ms_per_image", Spread(minimum: line.least, median: line.total, maximum: line.greatest))
    result.add("gflops", line.gigaflops)
    return result
  }
}
