import NeuralKit

/// The names in published files of MobileFaceNet, brought to the names here. What such files hold and nothing
/// here needs has none.
enum PublishedNames {
  static let all = [
    WeightNaming(
      "MobileFaceNet for landmarks", word: "mobilefacenet", component: "mobilefacenet",
      optional: ["output_layer."]
    ) { key in mobileParts.contains(WeightNaming.steps(of: key)[0]) ? key : nil },
    WeightNaming(
      "MobileFaceNet of the ARBEx repository", word: "mobilefacenet-arbex", component: "mobilefacenet"
    ) { key in
      let steps = WeightNaming.steps(of: key)
      guard steps.count > 3, let places = arbexPaths[steps[0]], let place = Int(steps[1]),
        places.indices.contains(place)
      else { return nil }
      guard places[place].hasSuffix("model") else {
        return block(steps.dropFirst(2)).map { "\(places[place]).\($0)" }
      }
      guard steps[2] == "net" else { return nil }
      return block(steps.dropFirst(4)).map { "\(places[place]).\(steps[3]).\($0)" }
    },
  ]

  private static let mobileParts: Set<String> = [
    "conv1", "conv2_dw", "conv_23", "conv_3", "conv_34", "conv_4", "conv_45", "conv_5", "conv_6_sep",
    "output_layer",
  ]

  /// What lies at each place of ARBEx's three paths.
  private static let arbexPaths = [
    "path_1": ["conv1", "conv2_dw", "conv_23", "conv_3.model"], "path_2": ["conv_34", "conv_4.model"],
    "path_3": ["conv_45", "conv_5.model", "conv_6_sep"],
  ]

  /// `net.1.running_var` of a convolution block is `bn.running_var`; `net.1.net.0.weight` of a separable block is
  /// `conv_dw.conv.weight`.
  private static func block(_ steps: ArraySlice<String>) -> String? {
    let steps = Array(steps)
    guard steps.count > 2, steps[0] == "net", let part = Int(steps[1]), (0..<3).contains(part) else {
      return nil
    }
    if steps[2] == "net" { return block(steps[2...]).map { "\(["conv", "conv_dw", "project"][part]).\($0)" } }
    return "\(["conv", "bn", "prelu"][part])." + steps[2...].joined(separator: ".")
  }
}
