import ARBEx
import FERCore
import FERTraining
import Foundation
import TestSupport
import Testing

@testable import RUL

/// Twenty-one images in batches of 5, four steps an epoch, a checkpoint after every second step.
@Suite("RUL interrupted and resumed")
struct ResumeTests {
  /// RUL's encoder and loss behind the smallest backbone, the head at ten times the rate.
  private func workshop() throws -> Workshop {
    try Workshop(
      [
        "model.encoder={ use: 'relative-uncertainty', size: 4 }", "model.head.learningRateScale=10",
        "losses={ tiny: null, 'add-up': {} }", "training.optimizer.learningRate=0.005",
      ], plugins: [RULPlugin.self])
  }

  @Test("stopped after any step, also within an epoch, a run ends with the same bytes")
  func everySplit() throws {
    let shop = try workshop()
    #expect(try shop.run("whole") == .finished)
    for split in 1...7 {
      let name = "split\(split)"
      #expect(try shop.run(name, steps: split) == .stoppedAtLimit(step: split))
      #expect(try shop.run(name) == .finished)
      #expect(shop.results(name) == shop.results("whole"), "stopped after step \(split)")
    }
  }

  @Test("killed at any batch, the run goes on to the same bytes")
  func killed() throws {
    let shop = try workshop()
    try shop.run("whole")
    for batch in 0..<4 {
      let name = "killed\(batch)"
      #expect(throws: TinyImages.Crash.self) {
        try shop.run(name, train: TinyImages(count: 21, crashesAt: batch))
      }
      try shop.run(name)
      #expect(shop.results(name) == shop.results("whole"), "killed at batch \(batch)")
    }
  }

  @Test("uncertainty stands in predictions.csv, a number above 0 for each image")
  func evidence() throws {
    let shop = try workshop()
    try shop.run("run")
    let numbers = try shop.predictions("uncertainty", of: "run")
    #expect(numbers.count == 9 && numbers.allSatisfy { $0 > 0 && $0.isFinite })
    #expect(Set(numbers).count > 1)
  }
}
