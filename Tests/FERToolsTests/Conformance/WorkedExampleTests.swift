import FERCore
import FERTools
import NeuralKit
import TensorKit
import Testing

/// Each example with its right numbers, which come out, and with others, which do not.
@Suite("Worked examples")
struct WorkedExampleTests {
  private func expectExample(_ right: WorkedExample, not wrong: WorkedExample, _ words: String) {
    #expect(ConformanceKit.check(right) == [])
    let found = ConformanceKit.check(wrong)
    #expect(found.count == 1 && found[0].rule == .example && found[0].message.contains(words), "\(found)")
  }

  @Test("samplers: how often each class comes")
  func sampler() throws {
    final class Twice: Sampler {
      typealias Options = NoOptions
      init(_ options: NoOptions) {}
      func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int] {
        samples.indices.flatMap { [$0, $0] }
      }
    }
    let samples = [0, 1, 1].map { Sample(id: "\($0)", label: $0) }
    let example = { WorkedExample.epoch(of: Twice(NoOptions()), samples: samples, classCount: 2, holds: $0) }
    expectExample(example([2, 4]), not: example([2, 3]), "gives [2, 4], by hand it is [2, 3]")
  }

  /// Half a cosine: 1 at the start, (1 + cos 60°) / 2 = 3/4 after a third, 0 at the end.
  @Test("schedules: factors at positions")
  func schedule() {
    let cosine = CosineSchedule(CosineSchedule.Options())
    expectExample(
      .factors(of: cosine, epochs: 9, are: [(0, 1), (3, 0.75), (9, 0)]),
      not: .factors(of: cosine, epochs: 9, are: [(3, 0.7)]), "by hand it is [0.7]")
  }

  /// Momentum ½, rate 0.1, gradients 1 and 2: u = 1, w = 1 - 0.1; u = ½ + 2, w = 0.9 - 0.25.
  @Test("optimisers: values after each step")
  func optimizer() {
    var options = SGD.Options()
    options.momentum = 0.5
    let example = {
      WorkedExample.steps(of: SGD(options), from: [1], learningRate: 0.1, gradients: [[1], [2]], lead: $0)
    }
    expectExample(example([[0.9], [0.65]]), not: example([[0.9], [0.7]]), "by hand it is [0.9, 0.7]")
  }

  @Test("augmentations: pixels, and the size")
  func augmentation() {
    struct Negative: Augmentation {
      typealias Options = NoOptions
      init(_ options: NoOptions) {}
      func apply(to image: inout Image, size: Int, random: inout RandomSource) {
        image.pixels = image.pixels.map { 1 - $0 }
      }
    }
    let image = Image(width: 1, height: 1, pixels: [0, 0.25, 1])
    let example = { WorkedExample.image(image, size: 1, through: Negative(NoOptions()), becomes: $0) }
    expectExample(
      example(Image(width: 1, height: 1, pixels: [1, 0.75, 0])),
      not: example(Image(width: 1, height: 2, pixels: [1, 0.75, 0, 0, 0, 0])), "gives [1, 1]")
  }

  @Test("datasets: samples in their order, and what is thrown")
  func dataset() {
    struct Listed: Dataset, LoadedDataset {
      typealias Options = NoOptions
      let samples = [Sample(id: "a", label: 1)]
      init(_ options: NoOptions) {}
      func load(_ request: DataRequest) throws -> any LoadedDataset { self }
      func image(at index: Int) throws -> Image { Image(width: 1, height: 1, pixels: [0, 0, 0]) }
    }
    let example = { WorkedExample.folder({ _ in Listed(NoOptions()) }, classes: ["x", "y"], holds: $0) }
    expectExample(example([("a", 1)]), not: example([("a", 0)]), "gives [\"a 1\"]")
    let missing = WorkedExample.folder({ throw DataProblem($0, "is empty") }, classes: [], holds: [])
    #expect(ConformanceKit.check(missing)[0].message.hasSuffix("is empty"))
  }

  @Test("label policies and views")
  func policyAndViews() {
    final class Next: LabelPolicy {
      typealias Options = NoOptions
      init(_ options: NoOptions) {}
      func begin(_ samples: inout [Sample], in setting: TrainingSetting) throws {
        for index in samples.indices {
          samples[index].label = (samples[index].label + 1) % setting.classes.count
        }
      }
    }
    let setting = TrainingSetting(classes: ["x", "y"], seed: 1) {
      throw DataProblem($0.text + $1.text, "is no model")
    }
    let samples = [0, 1].map { Sample(id: "\($0)", label: $0) }
    let labels = { WorkedExample.labels(by: Next(NoOptions()), of: samples, in: setting, become: $0) }
    expectExample(labels([1, 0]), not: labels([0, 1]), "gives [1, 0]")
    struct Whole: Views {
      typealias Options = NoOptions
      let plan = ViewPlan.single
      init(_ options: NoOptions) {}
      func boxes(width: Int, height: Int, random: RandomSource) -> [Box] {
        [Box(left: 0, top: 0, right: width, bottom: height)]
      }
    }
    let boxes = { WorkedExample.boxes(of: Whole(NoOptions()), width: 5, height: 3, are: $0) }
    expectExample(
      boxes([Box(left: 0, top: 0, right: 5, bottom: 3)]), not: boxes([]), "by hand it is []")
  }
}
