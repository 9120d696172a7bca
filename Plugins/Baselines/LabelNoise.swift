import FERCore
import NeuralKit
import TensorKit

/// Gives some training samples a wrong label, to learn how a method bears it: symmetric noise.
///
///     P(new = c | true = y) = 1 − share   for c = y,   share / (C − 1)   for every other c
///
/// Whether and how a label changes follows from the seed and the sample's id alone, so the order of samples and the
/// choice of others change nothing. A changed sample loses the shares of its annotators: all is on the new label.
///
/// Source: Wang et al. 2020, SCN, arXiv:2002.10392, whose published lists of noisy labels were drawn so.
final class LabelNoise: LabelPolicy {
  struct Options: ComponentOptions {
    @Option("Chance that a training label is replaced by another class, each of them equally likely.", 0...1)
    var share: Float = 0.1
  }

  private let options: Options
  private var changes: [[String]] = []

  init(_ options: Options) { self.options = options }

  func begin(_ samples: inout [Sample], in setting: TrainingSetting) {
    let classes = setting.classes
    changes = []
    for index in samples.indices {
      let (id, label) = (samples[index].id, samples[index].label)
      var random = RandomSource(seed: setting.seed, stream: "label noise " + id)
      guard random.uniform() < options.share else { continue }
      let other = (label + 1 + random.below(classes.count - 1)) % classes.count
      (samples[index].label, samples[index].distribution) = (other, nil)
      changes.append([id, classes[label], classes[other]])
    }
  }

  func remarks(on samples: [Sample], classes: [String]) -> [Table] {
    [Table("label noise", columns: ["id", "from", "to"], rows: changes)]
  }
}
