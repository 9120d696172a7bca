import FERCore
import FERTraining
import Support

/// Temperatures fitted on some predictions, and what they do to others.
package struct Calibration {
  /// What became of one distribution.
  package struct Change {
    /// "primary" or "final".
    package let name: String
    /// What it is tempered by.
    package let temperature: Double
    /// Its numbers on the images it was not fitted on, without and with that.
    package let before, after: DistributionScore
  }

  /// What was fitted.
  package let temperatures: Temperatures
  /// Primary and final; final alone where the model has no correction terms, as it is then the primary.
  package let changes: [Change]
  /// Images that were fitted on, and others that the numbers are of.
  package let fitted, reported: Int

  /// Fits one temperature for each distribution by the negative log-likelihood.
  /// - Parameter fitting: what the model says of images that it was not trained on, untempered.
  /// - Parameter reporting: of others.
  /// - Throws: ``RunProblem`` where one of them has no labelled images, or a probability is not a number.
  package init(fitting: EvaluatedSet, reporting: EvaluatedSet) throws {
    let found = try fitting.headAndFinal.map { each in
      guard let temperature = each.bestTemperature else {
        throw RunProblem.failure(
          "\(each.name): has probabilities that are no numbers; no temperature fits them")
      }
      return temperature
    }
    guard let primary = found.first, let final = found.last else {
      throw RunProblem.failure("there is no image of a known class to fit a temperature on")
    }
    temperatures = Temperatures(primary: primary, final: final)
    changes = zip(reporting.headAndFinal, found).compactMap { each, temperature in
      guard let before = each.score, let after = each.tempered(by: temperature).score else { return nil }
      return Change(name: each.name, temperature: temperature, before: before, after: after)
    }
    guard !changes.isEmpty else {
      throw RunProblem.failure("there is no image of a known class to tell what the temperatures do")
    }
    (fitted, reported) = (fitting.samples.count, reporting.samples.count)
  }

  /// What a person should know, a sentence each.
  package var warnings: [String] {
    changes.flatMap { change -> [String] in
      let (low, high) = (Temperatures.range.lowerBound, Temperatures.range.upperBound)
      var told: [String] = []
      if change.temperature <= low || change.temperature >= high {
        told.append(
          "\(change.name): the best temperature lies beyond \(low)...\(high); there are too few images, or "
            + "their probabilities say nothing")
      }
      if change.after.negativeLogLikelihood > change.before.negativeLogLikelihood {
        told.append("\(change.name): what fits the first images makes the others worse; do not use it")
      }
      return told
    }
  }

  /// The numbers side by side, for people.
  package var text: String {
    let header = ["distribution", "T", "NLL before", "after", "ECE before", "after", "accuracy, %"]
    let rows = changes.map { change in
      [
        change.name, change.temperature.rounded(places: 3),
        change.before.negativeLogLikelihood.rounded(places: 4),
        change.after.negativeLogLikelihood.rounded(places: 4),
        change.before.calibrationError.rounded(places: 4), change.after.calibrationError.rounded(places: 4),
        (100 * change.after.accuracy).rounded(places: 2),
      ]
    }
    return TextTable.text([header] + rows, words: 1)
  }

  /// The same for programs.
  package var json: [OrderedObject] {
    changes.map { change in
      var result = OrderedObject()
      result.add("name", change.name)
      result.add("temperature", change.temperature)
      result.add("before", change.before.json)
      result.add("after", change.after.json)
      return result
    }
  }
}

extension EvaluatedSet {
  /// The distributions that have a temperature.
  fileprivate var headAndFinal: [LabelledDistributions] {
    let all = distributions
    return all.count > 1 ? [all[0], all[all.count - 1]] : all
  }

  /// Some of the samples.
  /// - Parameter places: those of ``samples``.
  package func excerpt(_ places: [Int]) -> EvaluatedSet {
    EvaluatedSet(classes: classes, termNames: termNames, samples: places.map { samples[$0] })
  }
}
