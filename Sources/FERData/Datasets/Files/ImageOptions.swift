import NeuralKit

/// What every dataset of files can be told.
protocol ImageOptions: ComponentOptions {
  /// The folder that holds everything.
  var root: FilePath { get }
  /// The same, where it may be told in another way.
  var folder: String { get }
  /// One of ``BadImagePolicy/words``.
  var onBadImage: String { get }
  /// The share of bad images up to which leaving them out goes on.
  var skipUpTo: Double { get }
  /// The file that lists the images in quarantine; empty for one in the folder that holds everything.
  var quarantine: FilePath { get }
}
extension ImageOptions {
  var folder: String { root.text }

  /// What to do with bad images.
  var policy: BadImagePolicy {
    switch onBadImage {
    case "skip": .skip(upTo: skipUpTo)
    case "quarantine":
      .quarantine(list: quarantine.isEmpty ? "\(folder)/quarantine.txt" : quarantine.text, upTo: skipUpTo)
    default: .fail
    }
  }
}
