import FERCore
import FERData
import Foundation
import NeuralKit
import TensorKit
import Testing

@testable import FERTools
@testable import FERTraining
import Support

@Suite("Contact sheet")
struct ContactSheetTests {
  private struct Ramp: LoadedDataset {
    let samples = (0..<3).map { Sample(id: "ramp/\($0)", label: 0) }
    func image(at index: Int) -> Image {
      Image(width: 20, height: 20, eightBit: (0..<1200).map { UInt8(($0 * (7 + index)) % 251) })
    }
  }

  @Test("the augmented images are those that the loader gives to training")
  func sameAsTraining() throws {
    let registry = try Registry(plugins: [FERDataPlugin.self])
    let names = ["flip", "rotate", "color", "erase"]
    let augmentations = try names.map { try registry.augmentations.entry($0, at: JSONPath()).make() }
    var input = InputOptions()
    (input.size, input.normalize) = (12, .none)
    let pipeline = InputPipeline(input, augmentations: augmentations)
    let data = Ramp()
    let shown = ContactSheet.versions(of: data.image(at: 2), index: 2, pipeline, seed: 9)
    #expect(shown.count == 8 && shown[0] == data.image(at: 2))
    #expect(shown[1] == data.image(at: 2).resized(width: 12, height: 12, antialias: true))
    for epoch in 0..<ContactSheet.epochs {
      let request = BatchRequest(order: [0, 2, 1], batchSize: 3, epoch: epoch)
      let loader = BatchLoader(data, request, pipeline: pipeline, seed: 9)
      let batch = try #require(try loader.next())
      #expect(Array(batch.images.values[432..<864]) == shown[2 + epoch].pixels, "epoch \(epoch)")
    }
  }
}
