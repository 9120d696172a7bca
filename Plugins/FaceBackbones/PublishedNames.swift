import NeuralKit

/// The names in published files of these networks, brought to the names here. What such files hold and no network here
/// needs has none.
enum PublishedNames {
  static let all = ir50 + mobileFaceNet + resNets

  // MARK: IR-50

  private static let ir50 = [
    WeightNaming(
      "IR-50 of POSTER++", word: "ir50-poster++", component: "ir50", optional: irOptional
    ) { key in
      let steps = split(key)
      return ["input_layer", "output_layer", "body1", "body2", "body3", "body4"].contains(steps[0])
        ? key : nil
    },
    WeightNaming(
      "IR-50 of face.evoLVe or POSTER", word: "ir50-face-evolve", component: "ir50", optional: irOptional
    ) { key in
      let steps = split(key)
      if ["input_layer", "output_layer"].contains(steps[0]) { return key }
      guard steps[0] == "body", steps.count > 2, let unit = Int(steps[1]) else { return nil }
      return stageUnit(unit).map { "body\($0.stage).\($0.unit)." + steps.dropFirst(2).joined(separator: ".") }
    },
    WeightNaming(
      "IR-50 of the ARBEx repository", word: "ir50-arbex", component: "ir50", optional: irOptional
    ) { key in
      let steps = split(key)
      if steps[0] == "input_layer" { return key }
      guard steps[0].hasPrefix("net_"), steps.count > 4, steps[1] == "net" else { return nil }
      let branch = ["res": "res_layer", "shortcut": "shortcut_layer"][steps[3]] ?? steps[3]
      return "body\(steps[0].dropFirst(4)).\(steps[2]).\(branch)." + steps.dropFirst(4).joined(separator: ".")
    },
    WeightNaming("IR-50 of APViT", word: "ir50-apvit", component: "ir50", optional: irOptional) { key in
      let steps = split(key)
      guard steps[0] == "extractor", steps.count > 2 else { return nil }
      if steps[1] == "input_layer" { return key.dropping("extractor.") }
      guard steps[1] == "body", steps.count > 3, let stage = Int(steps[2]), (0..<4).contains(stage) else {
        return nil
      }
      return "body\(stage + 1)." + steps.dropFirst(3).joined(separator: ".")
    },
  ]

  /// The embedding of face recognition, and the fourth stage before it.
  private static let irOptional = ["output_layer.", "body4."]

  /// face.evoLVe counts the units of all stages through.
  private static func stageUnit(_ unit: Int) -> (stage: Int, unit: Int)? {
    var first = 0
    for (stage, count) in [3, 4, 14, 3].enumerated() {
      if (first..<first + count).contains(unit) { return (stage + 1, unit - first) }
      first += count
    }
    return nil
  }

  // MARK: MobileFaceNet

  private static let mobileFaceNet = [
    WeightNaming(
      "MobileFaceNet for landmarks", word: "mobilefacenet", component: "mobilefacenet",
      optional: ["output_layer."]
    ) { key in
      mobileParts.contains(split(key)[0]) ? key : nil
    },
    WeightNaming(
      "MobileFaceNet of the ARBEx repository", word: "mobilefacenet-arbex", component: "mobilefacenet"
    ) { key in
      let steps = split(key)
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

  // MARK: ResNets

  private static let resNets = [
    resNet("ResNet-18 of torchvision", "resnet18-torchvision", "resnet18"),
    resNet("ResNet-18 of MS-Celeb", "resnet18-ms-celeb", "resnet18"),
    WeightNaming(
      "ResNet-18 of SCN and RUL", word: "resnet18-scn", component: "resnet18", optional: ["layer4."]
    ) { key in
      let steps = split(key)
      guard steps[0] == "features", steps.count > 2, let place = Int(steps[1]) else { return nil }
      let names = [0: "conv1", 1: "bn1", 4: "layer1", 5: "layer2", 6: "layer3", 7: "layer4"]
      return names[place].map { "\($0)." + steps.dropFirst(2).joined(separator: ".") }
    },
    resNet("ResNet-50 of torchvision", "resnet50-torchvision", "resnet50"),
  ]

  /// torchvision's names, which are also those here, without classifier and without RAN's attention.
  private static func resNet(_ name: String, _ word: String, _ component: String) -> WeightNaming {
    let parts: Set<String> = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
    return WeightNaming(name, word: word, component: component, optional: ["layer4."]) { key in
      parts.contains(split(key)[0]) ? key : nil
    }
  }

  private static func split(_ key: String) -> [String] {
    key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }
}

extension String {
  fileprivate func dropping(_ prefix: String) -> String { String(dropFirst(prefix.count)) }
}
