/// How pixel values 0...1 become a network's input: (value − mean) / deviation, channel by channel.
public struct Normalization: Sendable, Equatable {
  /// The word for it in recipes and weight files.
  public let name: String
  /// Red, green, blue.
  public let mean: [Float]
  /// Red, green, blue.
  public let deviation: [Float]

  /// The means and deviations of ImageNet's photographs.
  public static let imagenet = Normalization(
    name: "imagenet", mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
  /// 0...1 becomes -1...1.
  public static let half = Normalization(name: "half", mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])
  /// 0...1 stays.
  public static let none = Normalization(name: "none", mean: [0, 0, 0], deviation: [1, 1, 1])
  /// All that a recipe can name.
  public static let all: [Normalization] = [imagenet, half, none]

  /// The one of that name.
  public static func named(_ name: String) -> Normalization? { all.first { $0.name == name } }
}
