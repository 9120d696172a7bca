import FERCore
import NeuralKit
import TensorKit

/// Applies one of several augmentations to an image, each as likely as the others.
struct OneOf: Augmentation {
  struct Options: ComponentOptions {
    @Option(
      "The augmentations: names, or objects of a name and its options. One that is listed twice is twice as likely."
    )
    var of: [Nested<any Augmentation>] = []
  }

  private let choices: [any Augmentation]

  /// - Throws: ``BuildIssue`` where there is nothing to choose from; what the augmentations' own `init` throws.
  init(_ options: Options) throws {
    guard !options.of.isEmpty else { throw BuildIssue("of", "must name at least one augmentation") }
    choices = try options.of.map { try $0.make() }
  }

  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    choices[random.below(choices.count)].apply(to: &image, size: size, random: &random)
  }
}
