import Support

/// Options that several components have in common, declared once and held by each.
///
///     struct WarmupOptions: ComponentOptions {
///       @Option("Epochs over which the rate rises.", 0...) var warmup = 0.0
///     }
///     struct Options: ComponentOptions {
///       @OptionGroup var start = WarmupOptions()
///       @Option("What the rate is multiplied by.", above: 0) var gamma = 0.1
///     }
///
/// In a recipe the members stand among the owner's own, here `{ warmup: 5, gamma: 0.5 }`, and so do their meanings,
/// ranges and issues. A component that wants another default gives the group one: `WarmupOptions(warmup: 1)`.
@propertyWrapper public struct OptionGroup<Group: ComponentOptions>: Codable, Sendable {
  /// The options of the group.
  public var wrappedValue: Group

  /// A group with these defaults.
  public init(wrappedValue: Group) { self.wrappedValue = wrappedValue }

  /// Reads the members from the object of the owner. Only a recipe's decoder hands that object over.
  public init(from decoder: any Decoder) throws { wrappedValue = try Group(from: decoder) }

  /// Writes the members so that `JSONValue.encoding(_:)` puts them among the owner's.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: SurroundingObject.self)
    try container.encode(wrappedValue, forKey: .members)
  }
}

/// What the recipe's decoder and ``ComponentOptions`` know an ``OptionGroup`` by.
package protocol AnyOptionGroup: Decodable {
  var options: any ComponentOptions { get }
}
extension OptionGroup: AnyOptionGroup {
  package var options: any ComponentOptions { wrappedValue }
}
