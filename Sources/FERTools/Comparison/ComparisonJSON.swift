import FERCore
import Support

extension Comparison {
  /// Everything as one JSON object.
  package var json: String {
    var object = OrderedObject()
    object.add("split", split.rawValue)
    object.add(
      "runs",
      zip(runs, clusters).map { run, clusters in
        var entry = OrderedObject()
        entry.add("name", run.name)
        entry.add("folder", run.path)
        entry.add("seed", Int(clamping: run.recipe.seed))
        entry.add("weights", run.weights.rawValue)
        if let epoch = run.epoch { entry.add("epoch", epoch) }
        entry.add("best", run.recipe.training.best)
        entry.add("begun", run.date)
        entry.add("parameters", run.parameters)
        entry.add("images", run.set.samples.count)
        entry.add("scores", Self.object(RunScores.quantities) { $0.value(RunScores(run.set)) })
        entry.add("daviesBouldin", clusters?.daviesBouldin)
        entry.add("calinskiHarabasz", clusters?.calinskiHarabasz)
        return entry
      })
    object.add(
      "recipeDifferences",
      recipeDifferences.map { path, values in
        var entry = OrderedObject()
        entry.add("value", path)
        entry.add("groups", .array(values.map { $0.map(JSONValue.string) ?? .null }))
        return entry
      })
    object.add("groups", groups.enumerated().map { place, group in entry(of: group, isFirst: place == 0) })
    object.add("tests", pairs.map(Self.entry))
    object.add("notes", .texts(remarks))
    return object.text
  }

  private func entry(of group: RunGroup, isFirst: Bool) -> OrderedObject {
    var entry = OrderedObject()
    entry.add("name", group.name)
    entry.add("runs", .texts(group.runs.map(\.name)))
    let estimate = { (quantity: Quantity<RunScores>) in MeanEstimate(Array(group.values(quantity).values)) }
    entry.add("mean", Self.object(quantities) { estimate($0).mean })
    entry.add("deviation", Self.object(quantities) { estimate($0).deviation })
    guard !isFirst else { return entry }
    entry.add("interval", method(of: group).rawValue)
    entry.add("difference", Self.object(quantities) { difference($0, group).mean })
    entry.add("low", Self.object(quantities) { difference($0, group).interval?.lowerBound })
    entry.add("high", Self.object(quantities) { difference($0, group).interval?.upperBound })
    return entry
  }

  private static func entry(of pair: Pair) -> OrderedObject {
    var entry = OrderedObject()
    entry.add("first", pair.first.name)
    entry.add("second", pair.second.name)
    guard let answers = pair.answers else { return entry }
    entry.add("images", answers.changes.count)
    entry.add("onlyFirst", answers.test.onlyFirst)
    entry.add("onlySecond", answers.test.onlySecond)
    entry.add("p", answers.test.pValue)
    entry.add("exact", .bool(answers.test.isExact))
    return entry
  }

  private static func object(
    _ quantities: [Quantity<RunScores>], _ value: (Quantity<RunScores>) -> Double?
  ) -> OrderedObject {
    var object = OrderedObject()
    for quantity in quantities { object.add(quantity.name, value(quantity)) }
    return object
  }
}
