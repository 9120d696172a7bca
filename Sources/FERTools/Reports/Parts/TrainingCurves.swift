import FERCore
import FERTraining
import Support

extension ReportPart {
  /// How accuracy, losses and learning rate went: Fig. 7 of the paper has the first for several runs.
  package static let trainingCurves = ReportPart("Training") { subject in
    TrainingCurves(subject.history, bestEpoch: subject.facts?.bestEpoch).items
  }
}

/// The charts of a run's log: by epoch, or by step where no epoch has ended.
private struct TrainingCurves {
  private let training: [LogLine]
  private let validations: [LogLine]
  private let rates: [(x: Double, y: Double?)]
  private let xName: String
  private let mark: (x: Double, name: String)?

  init(_ history: [LogLine], bestEpoch: Int?) {
    let (steps, epochs) = (history.filter { $0.event == "step" }, history.filter { $0.event == "epoch" })
    let isByStep = epochs.isEmpty
    training = isByStep ? Self.thinned(steps) : epochs
    validations = history.filter { $0.event == "validation" }
    xName = isByStep ? "step" : "epoch"
    let last = epochs.last
    let stepsPerEpoch = last.map { Double($0.step) / Double(max(1, $0.epoch ?? 1)) } ?? 1
    // A step's rate is that of its beginning, an epoch's that of its first step.
    rates =
      steps.isEmpty
      ? epochs.map { (Double($0.epoch ?? 1) - 1, $0.learningRate) }
      : Self.thinned(steps).map { ((Double($0.step) - 1) / max(1, stepsPerEpoch), $0.learningRate) }
    mark = isByStep ? nil : bestEpoch.map { (Double($0), "best epoch") }
  }

  var items: [ReportSection.Item] {
    let names = Set(training.flatMap { ($0.losses ?? [:]).keys }).sorted()
    var loss = chart(
      "Loss", [line("training", isDashed: true, \.loss), validation("validation", \.loss)])
    loss.mark = mark
    let single = names.map { name in
      chart("Loss \(name)", [line("Loss \(name)") { $0.losses?[name] ?? nil }])
    }
    var rate = LineChart("Learning rate", [LineChart.Line("Learning rate", rates)])
    rate.xName = xName
    return [
      accuracy.item(
        "Dashed: on training images, augmented, each as the model was in its step; the others on validation images."
      ),
      loss.item(
        names.isEmpty ? "" : "The sum of the losses by their weights; each before its weight follows."),
    ].compactMap { $0 } + (single + [rate]).compactMap { $0.item() }
  }

  private var accuracy: LineChart {
    let isBalanced = (training + validations).contains {
      $0.primary != nil && $0.primary?.accuracy != $0.corrected?.accuracy
    }
    let corrected = isBalanced ? " corrected" : ""
    var lines = [
      line("training\(corrected)", color: 0, isDashed: true) { $0.corrected?.accuracy ?? $0.accuracy },
      validation("validation\(corrected)", color: 0) { $0.corrected?.accuracy },
    ]
    if isBalanced {
      lines += [
        line("training primary", color: 1, isDashed: true) { $0.primary?.accuracy },
        validation("validation primary", color: 1) { $0.primary?.accuracy },
      ]
    }
    var chart = chart("Accuracy", lines)
    (chart.yKind, chart.mark) = (.share, mark)
    return chart
  }

  private func chart(_ title: String, _ lines: [LineChart.Line]) -> LineChart {
    var chart = LineChart(title, lines)
    chart.xName = xName
    return chart
  }

  private func line(
    _ name: String, color: Int? = nil, isDashed: Bool = false, _ value: (LogLine) -> Double?
  ) -> LineChart.Line {
    LineChart.Line(name, color: color, isDashed: isDashed, training.map { (x($0), value($0)) })
  }

  private func validation(
    _ name: String, color: Int? = nil, _ value: (LogLine) -> Double?
  ) -> LineChart.Line {
    LineChart.Line(name, color: color, validations.map { (x($0), value($0)) })
  }

  private func x(_ line: LogLine) -> Double { Double(xName == "step" ? line.step : line.epoch ?? 0) }

  /// As many as a chart has pixels for, the last among them.
  private static func thinned(_ lines: [LogLine]) -> [LogLine] {
    let each = (lines.count + 499) / 500
    return each > 1
      ? lines.indices.filter { $0 % each == 0 || $0 == lines.count - 1 }.map { lines[$0] } : lines
  }
}
