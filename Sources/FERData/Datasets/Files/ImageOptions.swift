import NeuralKit

/// What every dataset of files can be told.
protocol ImageOptions: ComponentOptions {
  /// The folder that holds everything.
  var root: FilePath { get }
  /// "fail" or "skip".
  var onBadImage: String { get }
  /// The share of bad images up to which skipping goes on.
  var skipUpTo: Double { get }
}
extension ImageOptions {
  /// What to do with bad images.
  var policy: BadImagePolicy { onBadImage == "skip" ? .skip(upTo: skipUpTo) : .fail }
}
