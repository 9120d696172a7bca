import NeuralKit

/// The names in published files of the ResNets, brought to the names here. What such files hold and nothing
/// here needs has none.
enum PublishedNames {
  static let all = [
    resNet("ResNet-18 of torchvision", "resnet18-torchvision", "resnet18"),
    resNet("ResNet-18 of MS-Celeb", "resnet18-ms-celeb", "resnet18"),
    WeightNaming(
      "ResNet-18 of SCN and RUL", word: "resnet18-scn", component: "resnet18", optional: ["layer4."]
    ) { key in
      // A sequence of layers, by their numbers; in whole models below `features`.
      let steps = WeightNaming.steps(of: key).drop { $0 == "features" }
      guard steps.count > 1, let place = steps.first.flatMap({ Int($0) }) else { return nil }
      let names = [0: "conv1", 1: "bn1", 4: "layer1", 5: "layer2", 6: "layer3", 7: "layer4"]
      return names[place].map { "\($0)." + steps.dropFirst().joined(separator: ".") }
    },
    resNet("ResNet-50 of torchvision", "resnet50-torchvision", "resnet50"),
  ]

  /// torchvision's names, which are also those here, without classifier and without RAN's attention.
  private static func resNet(_ name: String, _ word: String, _ component: String) -> WeightNaming {
    let parts: Set<String> = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
    return WeightNaming(name, word: word, component: component, optional: ["layer4."]) { key in
      parts.contains(WeightNaming.steps(of: key)[0]) ? key : nil
    }
  }
}
