import FERCore
import Support

/// How two models answer the same images.
package struct PairedAnswers: Sendable, Equatable {
  /// Why answers cannot be put side by side, in words.
  package struct Obstacle: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  /// What changes from the first to the second.
  package let changes: AnswerChanges
  /// Whether the difference is more than chance brings.
  package var test: McNemarTest { changes.test }

  /// By the balanced distributions, image by image, by their names.
  /// - Throws: ``Obstacle`` where these are not the same images with the same classes.
  package init(_ first: EvaluatedSet, _ second: EvaluatedSet) throws(Obstacle) {
    guard Set(first.classes) == Set(second.classes) else {
      let other = Set(first.classes).symmetricDifference(second.classes).sorted()
      throw Obstacle(description: "their classes differ: \(other.listed())")
    }
    var places: [ExactName: Int] = [:]
    for (place, sample) in second.samples.enumerated() { places[ExactName(sample.id)] = place }
    guard first.samples.count == second.samples.count, places.count == second.samples.count else {
      throw Obstacle(
        description: "they were judged by \(first.samples.count) and \(second.samples.count) images")
    }
    // A class is known by its name: the models may have them in another order.
    let labels = second.classes.map { first.classes.firstIndex(of: $0) ?? -1 }
    var after: [Int] = []
    for sample in first.samples {
      guard let place = places[ExactName(sample.id)] else {
        throw Obstacle(description: "\(sample.id.printable) is an image of the first alone")
      }
      let other = second.samples[place]
      guard sample.label == other.label.map({ labels[$0] }) else {
        let names = [sample.label.map { first.classes[$0] }, other.label.map { second.classes[$0] }]
        let words = names.map { $0 ?? "of no class" }
        throw Obstacle(
          description: "\(sample.id.printable) is \(words[0]) for the first, \(words[1]) for the second")
      }
      after.append(labels[other.prediction])
    }
    changes = AnswerChanges(
      labels: first.samples.map(\.label), before: first.samples.map(\.prediction), after: after)
  }
}
