/// How the keys of a published file differ from the names of a model where they do so in their beginnings alone.
///
///     KeyBeginnings([("fc.", "head.linear."), ("", "backbone.")])        fc.bias <-> head.linear.bias
///
/// The first pair that fits counts, in both directions, so an empty beginning comes last: it takes what is left.
public struct KeyBeginnings: Sendable {
  /// Stands for the names that no model has: `("", KeyBeginnings.nowhere)` says of all other keys that they are not of such
  /// files.
  public static let nowhere = "?."

  private let pairs: [(key: String, name: String)]
  private let isUnused: @Sendable (String) -> Bool

  /// - Parameter pairs: a beginning of the file's keys, and what the model's names have in its place.
  /// - Parameter isUnused: whether a key, without a wrapper's prefix, is of something that no model has a use for.
  public init(
    _ pairs: [(key: String, name: String)], isUnused: @escaping @Sendable (String) -> Bool = { _ in false }
  ) { (self.pairs, self.isUnused) = (pairs, isUnused) }

  /// The model's name for a key, with or without the prefix of PyTorch's data-parallel wrapper; nil where no pair fits or no
  /// model has a use for it.
  public func name(ofKey key: String) -> String? {
    let bare = key.withoutWrapper
    return isUnused(bare)
      ? nil : pairs.first { bare.hasPrefix($0.key) }.map { $0.name + bare.dropFirst($0.key.count) }
  }

  /// The key for one of the model's names, without the wrapper's prefix; the name itself where no pair fits.
  public func key(ofName name: String) -> String {
    pairs.first { name.hasPrefix($0.name) }.map { $0.key + name.dropFirst($0.name.count) } ?? name
  }
}

extension String {
  /// Without the prefix that PyTorch's data-parallel wrapper puts before every key.
  var withoutWrapper: String { hasPrefix("module.") ? String(dropFirst("module.".count)) : self }
}
