import FERCore
import Support

extension ConfusionMatrix {
  /// Accuracy, macro means, every class, the table; what is undefined is null.
  func json(classes: [String]) -> OrderedObject {
    var result = OrderedObject()
    result.add("accuracy", accuracy)
    result.add("macroPrecision", macroPrecision)
    result.add("macroRecall", macroRecall)
    result.add("macroF1", macroF1)
    result.add(
      "perClass",
      classes.indices.map { label in
        var row = OrderedObject()
        row.add("class", classes[label])
        row.add("precision", precision(label))
        row.add("recall", recall(label))
        row.add("f1", f1(label))
        row.add("support", support(label))
        return row
      })
    result.add("confusion", .array(counts.map { .array($0.map(JSONValue.int)) }))
    return result
  }
}

extension DistributionScore {
  /// One distribution's numbers under their names.
  package var json: OrderedObject {
    var result = OrderedObject()
    result.add("name", name)
    result.add("accuracy", accuracy)
    result.add("nll", negativeLogLikelihood)
    result.add("ece", calibrationError)
    result.add("brier", brierScore)
    result.add("confidence", confidence)
    result.add("deviation", deviation)
    return result
  }
}

extension Temperatures {
  /// Both by name.
  package var json: OrderedObject {
    var result = OrderedObject()
    result.add("primary", primary)
    result.add("final", final)
    return result
  }

  /// For people.
  package var summary: String {
    "tempered: primary by T = \(primary.rounded(places: 3)), final by T = \(final.rounded(places: 3))"
  }
}
