import FERCore
import NeuralKit

extension DataSplit: OptionChoice {}

/// The splits of datasets whose authors keep the labels of the test images.
enum TrainingSplit: String, OptionChoice { case train, validation }

/// What people call the three splits.
enum SplitNames {
  private static let rows: [DataSplit: [String]] = [
    .train: ["train", "training", "train_set"],
    .validation: ["validation", "valid", "val", "dev", "publictest"],
    .test: ["test", "testing", "privatetest"],
  ]

  /// The split of that name; nil where it is none of the three.
  static func split(_ name: String) -> DataSplit? {
    let word = name.lowercased()
    return rows.first { $0.value.contains(word) }?.key
  }

  /// "train", "validation" or "test"; the word itself, in lower case, where it is none of them.
  static func canonical(_ name: String) -> String { split(name)?.rawValue ?? name.lowercased() }
}
