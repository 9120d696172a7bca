import NeuralKit

/// The names in published files of IR-50, brought to the names here. What such files hold and nothing
/// here needs has none.
enum PublishedNames {
  static let all = [
    WeightNaming("IR-50 of POSTER++", word: "ir50-poster++", component: "ir50", optional: irOptional) { key in
      let steps = WeightNaming.steps(of: key)
      return ["input_layer", "output_layer", "body1", "body2", "body3", "body4"].contains(steps[0])
        ? key : nil
    },
    WeightNaming(
      "IR-50 of face.evoLVe or POSTER", word: "ir50-face-evolve", component: "ir50", optional: irOptional
    ) { key in
      let steps = WeightNaming.steps(of: key)
      if ["input_layer", "output_layer"].contains(steps[0]) { return key }
      guard steps[0] == "body", steps.count > 2, let unit = Int(steps[1]) else { return nil }
      return stageUnit(unit).map { "body\($0.stage).\($0.unit)." + steps.dropFirst(2).joined(separator: ".") }
    },
    WeightNaming(
      "IR-50 of the ARBEx repository", word: "ir50-arbex", component: "ir50", optional: irOptional
    ) { key in
      let steps = WeightNaming.steps(of: key)
      if steps[0] == "input_layer" { return key }
      guard steps[0].hasPrefix("net_"), steps.count > 4, steps[1] == "net" else { return nil }
      let branch = ["res": "res_layer", "shortcut": "shortcut_layer"][steps[3]] ?? steps[3]
      return "body\(steps[0].dropFirst(4)).\(steps[2]).\(branch)." + steps.dropFirst(4).joined(separator: ".")
    },
    WeightNaming("IR-50 of APViT", word: "ir50-apvit", component: "ir50", optional: irOptional) { key in
      let steps = WeightNaming.steps(of: key)
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
}

extension String {
  fileprivate func dropping(_ prefix: String) -> String { String(dropFirst(prefix.count)) }
}
