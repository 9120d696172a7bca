import FERCore
import NeuralKit
import TensorKit
import TestSupport
import Testing

@testable import RAN

@Suite("Regions of a face")
struct RegionTests {
  /// The shares of the reference, cut off to whole pixels by it; the whole face last.
  @Test(
    "boxes agree with the reference, for square and upright images",
    arguments: [(.fixed, "boxes.fixed"), (.affectnet, "boxes.affectnet")] as [(Regions.Crops, String)])
  func boxes(_ crops: Regions.Crops, _ name: String) throws {
    let golden = try Golden("ran_eval")
    let sizes = golden["boxes.sizes"].values.map { Int($0) }
    let expected = golden[name]
    let views = Regions(.with { $0.crops = crops })
    #expect(views.plan == ViewPlan(count: expected.shape[1], wholeFace: expected.shape[1] - 1))
    let random = RandomSource(seed: 1, stream: "views")
    let found = (0..<4).flatMap { size in
      views.boxes(width: sizes[2 * size], height: sizes[2 * size + 1], random: random).flatMap {
        [$0.left, $0.top, $0.right, $0.bottom]
      }
    }
    #expect(found == expected.values.map { Int($0) })
  }

  @Test("random parts have the image's shape, lie inside, and differ from image to image; the whole is last")
  func random() {
    let views = Regions(.with { ($0.crops, $0.count) = (.random, 40) })
    #expect(views.plan == ViewPlan(count: 41, wholeFace: 40))
    let boxes = { views.boxes(width: 100, height: 200, random: RandomSource(seed: $0, stream: "views")) }
    let found = boxes(1)
    for box in found.dropLast() {
      let (width, height) = (box.right - box.left, box.bottom - box.top)
      #expect((70...95).contains(width) && box.left >= 0 && box.right <= 100)
      #expect(height == 2 * width || height == 2 * width + 1, "\(width) x \(height)")
      #expect(box.top >= 0 && box.bottom <= 200)
    }
    #expect(found.last == Box(left: 0, top: 0, right: 100, bottom: 200))
    #expect(boxes(1) == found && boxes(2) != found)
    #expect(Regions(.with { $0.crops = .random }).plan.count == 6)
  }

  @Test("so many of the fixed parts as asked for")
  func count() {
    let views = Regions(.with { $0.count = 3 })
    #expect(views.plan == ViewPlan(count: 4, wholeFace: 3))
    let boxes = views.boxes(width: 8, height: 8, random: RandomSource(seed: 1, stream: "views"))
    #expect(boxes.map(\.left) == [0, 2, 1, 0] && boxes.map(\.top) == [0, 0, 2, 0])
  }

  @Test("each bad option is reported under its own key")
  func badOptions() {
    let wrong = { (change: (inout Regions.Options) -> Void) in
      Regions.Options.with(change).allIssues().map(\.key)
    }
    #expect(wrong { $0.count = 6 } == ["count"])
    #expect(wrong { ($0.crops, $0.count) = (.affectnet, 7) } == [])
    #expect(wrong { ($0.crops, $0.count) = (.random, 200) } == [])
    #expect(wrong { $0.scaleMax = 1.5 } == ["scaleMax"])
    #expect(wrong { $0.scaleMin = 0.96 } == ["scaleMin"])
    #expect(wrong { $0.scaleMin = 0 } == ["scaleMin"])
  }
}
