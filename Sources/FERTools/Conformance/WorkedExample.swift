import Support
import FERCore
import NeuralKit
import TensorKit

/// A component, what it is given, and what must come of it by paper and pencil.
public struct WorkedExample {
  let component: String
  /// What came out otherwise, in a sentence; nil where nothing did.
  let problem: () throws -> String?

  private init(_ component: Any.Type, _ problem: @escaping () throws -> String?) {
    (self.component, self.problem) = ("\(component)", problem)
  }

  /// How often an epoch of a sampler holds each class of these samples.
  public static func epoch(
    of sampler: any Sampler, samples: [Sample], classCount: Int, holds counts: [Int]
  ) -> WorkedExample {
    WorkedExample(type(of: sampler)) {
      let order = sampler.order(
        of: samples, classCount: classCount, epoch: 0, random: RandomSource(seed: 1, stream: "sampler"))
      return difference(samples.byClass(order, classCount: classCount).map(\.count), counts)
    }
  }

  /// A schedule's factors at positions of a training of so many epochs, warm-up apart, to a share of 1e-6.
  public static func factors(
    of schedule: any Schedule, epochs: Double, are expected: [(position: Double, factor: Double)]
  ) -> WorkedExample {
    WorkedExample(type(of: schedule)) {
      difference(
        expected.map { Float(schedule.factor(at: $0.position, of: epochs)) },
        expected.map { Float($0.factor) })
    }
  }

  /// The values of a parameter after each step from given gradients, to a share of 1e-6.
  public static func steps(
    of optimizer: any Optimizer, from start: [Float], learningRate: Float, gradients: [[Float]],
    lead places: [[Float]]
  ) -> WorkedExample {
    WorkedExample(type(of: optimizer)) {
      let parameter = ParameterScope().parameter("value", [start.count], .zeros)
      parameter.value = Tensor([start.count], start)
      let found = gradients.map { gradient in
        parameter.gradient = Tensor([start.count], gradient)
        optimizer.step([parameter], learningRate: learningRate) {}
        return parameter.value.values
      }
      return difference(found.flatMap { $0 }, places.flatMap { $0 })
    }
  }

  /// What an augmentation that leaves nothing to chance makes of an image, to a share of 1e-6.
  public static func image(
    _ image: Image, size: Int, through augmentation: any Augmentation, becomes expected: Image
  ) -> WorkedExample {
    WorkedExample(type(of: augmentation)) {
      var (image, random) = (image, RandomSource(seed: 1, stream: "augmentation"))
      augmentation.apply(to: &image, size: size, random: &random)
      return difference([image.width, image.height], [expected.width, expected.height])
        ?? difference(image.pixels, expected.pixels)
    }
  }

  /// The samples that a dataset finds in a folder, in its order; every image of theirs must be one.
  /// - Parameter write: fills an empty folder and says what reads it.
  public static func folder(
    _ write: @escaping (String) throws -> any Dataset, classes: [String],
    holds expected: [(id: String, label: Int)]
  ) -> WorkedExample {
    WorkedExample((any Dataset).self) {
      let folder = try TemporaryFolder("example")
      let loaded = try write(folder.path).load(DataRequest(classes: classes))
      for index in loaded.samples.indices { _ = try loaded.image(at: index) }
      return difference(
        loaded.samples.map { "\($0.id) \($0.label)" }, expected.map { "\($0.id) \($0.label)" })
    }
  }

  /// The labels that samples have once a label policy has begun.
  public static func labels(
    by policy: any LabelPolicy, of samples: [Sample], in setting: TrainingSetting, become expected: [Int]
  ) -> WorkedExample {
    WorkedExample(type(of: policy)) {
      var samples = samples
      try policy.begin(&samples, in: setting)
      return difference(samples.map(\.label), expected)
    }
  }

  /// The boxes of an image of that size.
  public static func boxes(of views: any Views, width: Int, height: Int, are expected: [Box]) -> WorkedExample
  {
    WorkedExample(type(of: views)) {
      difference(
        views.boxes(width: width, height: height, random: RandomSource(seed: 1, stream: "views")), expected)
    }
  }

  private static func difference<Value: Equatable>(_ found: [Value], _ expected: [Value]) -> String? {
    found == expected ? nil : "gives \(found), by hand it is \(expected)"
  }

  private static func difference(_ found: [Float], _ expected: [Float]) -> String? {
    let isClose =
      found.count == expected.count
      && zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 * max(1, abs($1)) }
    return isClose ? nil : "gives \(found), by hand it is \(expected)"
  }
}

extension ConformanceKit {
  /// Whether an example that was worked out by hand comes out.
  /// - Returns: what came out otherwise, or was thrown.
  public static func check(_ example: WorkedExample) -> [Finding] {
    do {
      return try example.problem().map {
        [Finding(component: example.component, rule: .example, message: $0)]
      } ?? []
    } catch {
      return [Finding(component: example.component, rule: .example, message: "throws: \(error)")]
    }
  }
}
