import Support

/// metrics.jsonl as tables for spreadsheets: a row for each noted step, and a row for each epoch.
enum LogTables {
  /// The noted steps, one a row, as comma-separated values.
  static func steps(_ lines: [LogLine]) -> String {
    table(
      of: lines.filter { $0.event == "step" },
      [("step", { $0.step }), ("epoch", { $0.epoch }), ("images", { $0.images })])
  }

  /// The epochs, one a row, each with its validation where there was one.
  static func epochs(_ lines: [LogLine]) -> String {
    let validations = Dictionary(
      lines.filter { $0.event == "validation" }.map { ($0.epoch, $0) }
    ) { $1 }
    let metrics = names(validations.values.map(\.metrics))
    var columns: [Column] = [
      ("images", { $0.images.map(String.init) }), ("loss", { text($0.loss) }),
    ]
    let scores: [(String, (LogLine.Scores) -> Double?)] = [
      ("accuracy", \.accuracy), ("macro precision", \.macroPrecision), ("macro recall", \.macroRecall),
      ("macro F1", \.macroF1),
    ]
    for (name, value) in scores {
      columns += [
        ("primary \(name)", { text($0.primary.flatMap(value)) }),
        ("corrected \(name)", { text($0.corrected.flatMap(value)) }),
      ]
    }
    columns += metrics.map { name in (name, { text($0.metrics?[name] ?? nil) }) }
    let judged = columns.map { name, value -> Column in
      ("validation \(name)", { line in validations[line.epoch].flatMap(value) })
    }
    return table(
      of: lines.filter { $0.event == "epoch" },
      [("epoch", { $0.epoch }), ("step", { $0.step }), ("images", { $0.images })], judged)
  }

  private typealias Column = (name: String, value: (LogLine) -> String?)

  /// What training tells of each line, between these columns; an empty cell where something is undefined.
  private static func table(
    of lines: [LogLine], _ first: [(String, (LogLine) -> Int?)], _ last: [Column] = []
  ) -> String {
    var columns = first.map { name, value -> Column in (name, { value($0).map(String.init) }) }
    columns += [("learning rate", { text($0.learningRate) }), ("loss", { text($0.loss) })]
    columns += names(lines.map(\.losses)).map { name in ("loss \(name)", { text($0.losses?[name] ?? nil) }) }
    columns += [
      ("primary accuracy", { text($0.primary?.accuracy) }),
      ("corrected accuracy", { text($0.corrected?.accuracy ?? $0.accuracy) }),
    ]
    columns += last
    return CSV.text([columns.map(\.name)] + lines.map { line in columns.map { $0.value(line) ?? "" } })
  }

  private static func text(_ value: Double?) -> String? { value.map { "\($0)" } }

  private static func names(_ members: [[String: Double?]?]) -> [String] {
    Set(members.flatMap { ($0 ?? [:]).keys }).sorted()
  }
}
