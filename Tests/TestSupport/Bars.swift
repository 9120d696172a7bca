import FERCore
import NeuralKit

/// Pictures with one bright bar; where it stands tells the class.
package struct Bars: Dataset, LoadedDataset {
  package struct Options: ComponentOptions {
    @Option("How many.", 1...) package var count = 8
    package init() {}
  }
  private let options: Options
  package private(set) var samples: [Sample] = []

  package init(_ options: Options) { self.options = options }

  package func load(_ request: DataRequest) -> any LoadedDataset {
    var copy = self
    copy.samples = (0..<options.count).map { Sample(id: "bar/\($0)", label: $0 % request.classes.count) }
    return copy
  }

  package func image(at index: Int) -> Image {
    Self.picture(samples[index].label)
  }

  package static func picture(_ label: Int) -> Image {
    let pixels = (0..<32 * 32 * 3).map {
      Float((4 * label..<4 * label + 4).contains($0 / 3 % 32) ? 0.9 : 0.1)
    }
    return Image(width: 32, height: 32, pixels: pixels)
  }
}

package enum BarsPlugin: Plugin {
  package static func register(in registry: inout Registry) throws {
    try registry.datasets.register("bars", Bars.self)
  }
}
