import FERCore

/// What is known of one job.
struct SweepRow {
  let job: SweepJob
  /// Its setting.
  let label: String
  let result: SweepResult?
  /// Why it failed the last time.
  let failure: String?
  /// What it is left out for.
  let absentData: [String]

  var state: String {
    if result != nil { return "done" }
    return !absentData.isEmpty ? "left out" : failure != nil ? "failed" : "open"
  }
}

/// The jobs of one setting, which differ by seed, and by part where a value is averaged, and the results there are.
struct SweepSetting {
  let label: String
  /// Its values, one for each axis; of a job by itself its name alone.
  let values: [String]
  /// Whether it is a combination of the axes, not a job by itself.
  let isOfAxes: Bool
  private var rows: [SweepRow]

  /// In the order of their first jobs.
  static func all(in rows: [SweepRow]) -> [SweepSetting] {
    var (found, places): ([SweepSetting], [String: Int]) = ([], [:])
    for row in rows {
      let key = "\(row.job.isOfAxes) \(row.label)"
      if let place = places[key] {
        found[place].rows.append(row)
      } else {
        places[key] = found.count
        found.append(
          SweepSetting(label: row.label, values: row.job.setting, isOfAxes: row.job.isOfAxes, rows: [row]))
      }
    }
    return found
  }

  var results: [SweepResult] { rows.compactMap(\.result) }

  /// "2/3", or that it is left out.
  var state: String {
    rows.allSatisfy { $0.state == "left out" } ? "left out" : "\(results.count)/\(rows.count)"
  }

  /// What is not there, each path once.
  var absentData: [String] {
    var seen: Set<String> = []
    return rows.filter { $0.result == nil }.flatMap(\.absentData).filter { seen.insert($0).inserted }
  }

  /// A number of each seed: the mean over the parts.
  private func numbers(
    _ quantity: Quantity<SweepResult.Scores>, _ weights: SweepTable.Weights
  ) -> [UInt64: Double] {
    let numbers = rows.compactMap { row in
      row.result?[weights].flatMap(quantity.value).map { (row.job.recipe.seed, $0) }
    }
    return Dictionary(grouping: numbers, by: \.0).mapValues { group in
      group.reduce(0) { $0 + $1.1 } / Double(group.count)
    }
  }

  /// Over the seeds.
  func estimate(_ quantity: Quantity<SweepResult.Scores>, _ weights: SweepTable.Weights) -> MeanEstimate {
    let numbers = numbers(quantity, weights)
    return MeanEstimate(numbers.keys.sorted().compactMap { numbers[$0] })
  }

  /// By the last epoch's weights.
  func difference(
    _ quantity: Quantity<SweepResult.Scores>, from reference: SweepSetting
  ) -> MeanDifference {
    MeanDifference(from: reference.numbers(quantity, .last), to: numbers(quantity, .last))
  }
}
