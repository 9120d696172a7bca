import NeuralKit
import Support

/// How pixel values 0...1 become a network's input: (value − mean) / deviation, channel by channel in the order that the
/// network takes them. In a recipe a name, or `{ mean: [...], deviation: [...] }`.
package struct Normalization: OptionValue {
  /// The word for it in recipes and weight files; "" for numbers of one's own.
  package let name: String
  /// One number for each channel.
  package let mean: [Float]
  /// One number for each channel, above 0.
  package let deviation: [Float]

  /// Numbers of one's own.
  package init(mean: [Float], deviation: [Float]) {
    (name, self.mean, self.deviation) = ("", mean, deviation)
  }

  /// Keys of the object that mean nothing.
  private var unknown: [String] = []

  private init(name: String, mean: [Float], deviation: [Float]) {
    (self.name, self.mean, self.deviation) = (name, mean, deviation)
  }

  /// The means and deviations of ImageNet's photographs.
  package static let imagenet = Normalization(
    name: "imagenet", mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
  /// 0...1 becomes -1...1.
  package static let half = Normalization(name: "half", mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])
  /// 0...1 stays.
  package static let none = Normalization(name: "none", mean: [0, 0, 0], deviation: [1, 1, 1])
  static let named = [imagenet, half, none]

  private enum CodingKeys: CodingKey { case mean, deviation }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads a name or an object of numbers.
  package init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      // A word that is none is told by the option's choices.
      self = Self.named.first { $0.name == word } ?? Normalization(name: word, mean: [], deviation: [])
    } else {
      let members = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        mean: try members.decode([Float].self, forKey: .mean),
        deviation: try members.decode([Float].self, forKey: .deviation))
      unknown = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).filter {
        CodingKeys(stringValue: $0) == nil
      }
    }
  }

  /// Writes the name, or the numbers where it has none.
  package func encode(to encoder: any Swift.Encoder) throws {
    guard name.isEmpty else {
      var single = encoder.singleValueContainer()
      return try single.encode(name)
    }
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(mean, forKey: .mean)
    try members.encode(deviation, forKey: .deviation)
  }

  /// As a recipe's author knows it.
  package static var kind: String { "text, or mean and deviation" }
  /// The name, where it should be one of the known.
  package var words: [String] { name.isEmpty ? [] : [name] }

  package static var choices: [String] { named.map(\.name) }

  /// What is wrong with numbers of one's own, for `input.normalize`.
  var problem: String? {
    guard name.isEmpty else { return nil }
    if let key = unknown.first {
      return "has no key \(JSONValue.quoted(key)); its keys are mean and deviation"
    }
    if mean.count != 3 || deviation.count != 3 {
      return "needs 3 numbers in mean and 3 in deviation, has \(mean.count) and \(deviation.count)"
    }
    return deviation.contains { $0 <= 0 } ? "must have deviations above 0, has \(deviation)" : nil
  }
}
