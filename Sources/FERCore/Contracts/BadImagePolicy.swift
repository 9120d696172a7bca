/// What happens when an image cannot be decoded.
public enum BadImagePolicy: Sendable, Equatable {
  /// The first one ends the work.
  case fail
  /// Bad images are left out and reported, up to this share (0...1) of the dataset.
  case skip(upTo: Double)
  /// As `skip`; besides, the file at `list` names them, and what it names is not read again.
  case quarantine(list: String, upTo: Double)
}
