import FERCore
import FERTools
import NeuralKit
import Support
import TensorKit
import Testing

@Suite("The conformance kit finds faults in augmentations, views, datasets and label policies")
struct DataFaultTests {
  @Test("augmentations draw from their source, and leave images")
  func augmentations() throws {
    func augmentation<F: Change>(_ fault: F.Type) throws -> [Finding] {
      try problems { try $0.augmentations.register("faulty", FaultyAugmentation<F>.self) }
    }
    expect(try augmentation(Brighten.self), nil)
    expect(try augmentation(Divide.self), .finite, "values that are not finite")
    expect(try augmentation(Always.self), .purpose, "with probability 0")
    expect(try augmentation(Never.self), .randomness, "with probability 0.5")
    #expect(try augmentation(Own.self).contains { $0.rule == .determinism })
  }

  @Test("views are as planned, inside the image, and follow the source")
  func views() throws {
    func views<F: Cut>(_ fault: F.Type) throws -> [Finding] {
      try problems { try $0.views.register("faulty", FaultyViews<F>.self) }
    }
    expect(try views(Halves.self), nil)
    expect(try views(OneOnly.self), .shapes, "makes 1 boxes of 8x8 pixels, planned are 2")
    expect(try views(Overlapping.self), .range, "not inside")
    expect(try views(Thin.self), .range, "a box of 8x8 pixels is empty")
    #expect(try views(Unsteady.self).contains { $0.rule == .determinism })
  }

  @Test("face detectors find nothing in nothing, tell the surest first, and go by the image alone")
  func faceDetectors() throws {
    func detector<F: Seeing>(_ fault: F.Type) throws -> [Finding] {
      try problems { try $0.faceDetectors.register("faulty", FaultyDetector<F>.self) }
    }
    expect(try detector(Blind.self), nil)
    expect(try detector(Dreaming.self), .purpose, "finds 1 faces in an even grey")
    expect(
      try detector(Reversed.self), .range, "does not tell the surest face of an image of 320x240 pixels first"
    )
    expect(try detector(Pointed.self), .range, "a face has 1 points; there must be 68 or none, in an image")
    #expect(try detector(Guessing.self).contains { $0.rule == .determinism })
    // What this build cannot run is held to what can be known of it.
    expect(try detector(Absent.self), nil)
  }

  @Test("a dataset that is not there is told by name, and an empty folder is none")
  func datasets() throws {
    func dataset<F: Reading>(_ fault: F.Type) throws -> [Finding] {
      try problems { try $0.datasets.register("faulty", FaultyDataset<F>.self) }
    }
    expect(try dataset(Named.self), nil)
    expect(try dataset(Nameless.self), .errors, "is not named by a data problem")
    expect(try dataset(Careless.self), .errors, "loads 0 samples")
    expect(try dataset(Credulous.self), .errors, "recognises itself in an empty folder")
  }

  @Test("label policies follow from seed and samples, and remember by their state alone")
  func policies() throws {
    func policy<F: Labelling>(_ fault: F.Type) throws -> [Finding] {
      try problems { try $0.labelPolicies.register("faulty", FaultyPolicy<F>.self) }
    }
    expect(try policy(Noise.self), nil)
    expect(try policy(Teaching.self), nil)
    expect(try policy(ByPlace.self), .independence, "depends on their order")
    expect(try policy(Removing.self), .shapes, "adds, removes or renames")
    expect(try policy(OutOfRange.self), .range, "labels of samples are")
    expect(try policy(NegativeWeights.self), .range, "weights for a batch are")
    expect(try policy(FewRows.self), .shapes, "it answers others")
    expect(try policy(Forgetting.self), .saving, "goes on otherwise")
    expect(try policy(Infinite.self), .saving, "not finite")
    expect(try policy(RaggedRemarks.self), .shapes, "the rows of its table \"changed\"")
    #expect(try policy(Capricious.self).contains { $0.rule == .determinism })
  }
}

// MARK: augmentations

private protocol Change: SendableMetatype {
  static func apply(_ image: inout Image, _ probability: Float, _ random: inout RandomSource)
}

private struct FaultyAugmentation<F: Change>: Augmentation {
  struct Options: ComponentOptions {
    @Option("The share of images that are changed.", 0...1) var probability: Float = 0.5
  }
  let options: Options
  init(_ options: Options) { self.options = options }
  func apply(to image: inout Image, size: Int, random: inout RandomSource) {
    F.apply(&image, options.probability, &random)
  }
}

private enum Brighten: Change {
  static func apply(_ image: inout Image, _ probability: Float, _ random: inout RandomSource) {
    guard random.uniform() < probability else { return }
    for index in image.pixels.indices { image.pixels[index] *= 0.5 }
  }
}
/// Stretches to the whole range, of which an image of one pixel has none.
private enum Divide: Change {
  static func apply(_ image: inout Image, _ probability: Float, _ random: inout RandomSource) {
    guard random.uniform() < probability else { return }
    let low = image.pixels.min() ?? 0
    let high = image.width * image.height == 1 ? low : image.pixels.max() ?? 1
    image.pixels = image.pixels.map { ($0 - low) / (high - low) }
  }
}
private enum Always: Change {
  static func apply(_ image: inout Image, _ probability: Float, _ random: inout RandomSource) {
    let factor = 0.5 + 0.4 * random.uniform()
    image.pixels = image.pixels.map { $0 * factor }
  }
}
private enum Never: Change {
  static func apply(_ image: inout Image, _ probability: Float, _ random: inout RandomSource) {}
}
private enum Own: Change {
  static func apply(_ image: inout Image, _ probability: Float, _ random: inout RandomSource) {
    if Float.random(in: 0..<1) < probability { image.pixels = image.pixels.map { $0 * 0.5 } }
  }
}

// MARK: views

private protocol Cut: SendableMetatype {
  static func boxes(_ width: Int, _ height: Int, _ random: RandomSource) -> [Box]
}

private struct FaultyViews<F: Cut>: Views {
  typealias Options = NoOptions
  let plan = ViewPlan(count: 2, wholeFace: 0)
  init(_ options: NoOptions) {}
  func boxes(width: Int, height: Int, random: RandomSource) -> [Box] { F.boxes(width, height, random) }
}

private enum Halves: Cut {
  static func boxes(_ width: Int, _ height: Int, _ random: RandomSource) -> [Box] {
    var random = random
    let left = random.below(width / 2)
    return [
      Box(left: 0, top: 0, right: width, bottom: height),
      Box(left: left, top: 0, right: left + width / 2, bottom: height),
    ]
  }
}
private enum OneOnly: Cut {
  static func boxes(_ width: Int, _ height: Int, _ random: RandomSource) -> [Box] {
    [Box(left: 0, top: 0, right: width, bottom: height)]
  }
}
private enum Overlapping: Cut {
  static func boxes(_ width: Int, _ height: Int, _ random: RandomSource) -> [Box] {
    OneOnly.boxes(width, height, random) + OneOnly.boxes(width + 1, height, random)
  }
}
private enum Thin: Cut {
  static func boxes(_ width: Int, _ height: Int, _ random: RandomSource) -> [Box] {
    OneOnly.boxes(width, height, random)
      + [Box(left: 0, top: 0, right: 0.1, bottom: 1, ofWidth: width, height: height)].map { $0 }
  }
}
private enum Unsteady: Cut {
  static func boxes(_ width: Int, _ height: Int, _ random: RandomSource) -> [Box] {
    let left = Int.random(in: 0..<width)
    return OneOnly.boxes(width, height, random) + [Box(left: left, top: 0, right: width, bottom: height)]
  }
}

// MARK: face detectors

private protocol Seeing: SendableMetatype {
  static func faces(_ image: Image) -> [DetectedFace]
  static var obstacle: NotInThisBuild? { get }
}
extension Seeing { static var obstacle: NotInThisBuild? { nil } }

private struct FaultyDetector<F: Seeing>: FaceDetector {
  typealias Options = NoOptions
  init(_ options: NoOptions) throws { if let obstacle = F.obstacle { throw obstacle } }
  func faces(in image: Image) -> [DetectedFace] { F.faces(image) }
}

private let anyBox = Box(left: 1, top: 1, right: 9, bottom: 9)

private enum Blind: Seeing {
  static func faces(_ image: Image) -> [DetectedFace] { [] }
}
private enum Dreaming: Seeing {
  static func faces(_ image: Image) -> [DetectedFace] { [DetectedFace(box: anyBox, score: 1)] }
}
private enum Reversed: Seeing {
  static func faces(_ image: Image) -> [DetectedFace] {
    image.width < 320 ? [] : [DetectedFace(box: anyBox, score: 1), DetectedFace(box: anyBox, score: 2)]
  }
}
private enum Pointed: Seeing {
  static func faces(_ image: Image) -> [DetectedFace] {
    image.width < 320 ? [] : [DetectedFace(box: anyBox, score: 1, points: [ImagePoint(x: 0, y: 0)])]
  }
}
private enum Guessing: Seeing {
  static func faces(_ image: Image) -> [DetectedFace] {
    image.width < 320 ? [] : [DetectedFace(box: anyBox, score: Float.random(in: 0...1))]
  }
}
private enum Absent: Seeing {
  static func faces(_ image: Image) -> [DetectedFace] { [] }
  static var obstacle: NotInThisBuild? { NotInThisBuild("build it otherwise") }
}

// MARK: datasets

private protocol Reading: SendableMetatype {
  static func problem(_ root: String) -> (any Error)?
  static var recognises: Bool { get }
}
extension Reading {
  static func problem(_ root: String) -> (any Error)? { DataProblem(root, "does not exist") }
  static var recognises: Bool { false }
}

private struct FaultyDataset<F: Reading>: Dataset {
  struct Options: ComponentOptions {
    @Option("Folder.") var root: FilePath = ""
  }
  struct Nothing: LoadedDataset {
    let samples: [Sample] = []
    func image(at index: Int) throws -> Image { throw DataProblem("", "there is none") }
  }
  let options: Options
  init(_ options: Options) throws {
    guard !options.root.isEmpty else { throw BuildIssue("root", "must name the folder") }
    self.options = options
  }
  static func recognise(_ path: String) -> RecognisedLayout? {
    F.recognises ? RecognisedLayout("faulty", classes: [], parts: []) : nil
  }
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    if let problem = F.problem(options.root.text) { throw problem }
    return Nothing()
  }
}

private enum Named: Reading {}
private enum Nameless: Reading {
  static func problem(_ root: String) -> (any Error)? { DataProblem("", "a folder does not exist") }
}
private enum Careless: Reading {
  static func problem(_ root: String) -> (any Error)? { nil }
}
private enum Credulous: Reading {
  static var recognises: Bool { true }
}

// MARK: label policies

/// What a policy changes of one that does nothing; `seen` counts the rows that it observed.
private protocol Labelling: SendableMetatype {
  static func begin(_ samples: inout [Sample], _ setting: TrainingSetting) throws
  static func targets(_ given: Targets, _ batch: Batch, seen: Double) -> Targets
  static var keeps: Bool { get }
  static func state(seen: Double) -> Double
  static var columns: [String] { get }
}
extension Labelling {
  static func begin(_ samples: inout [Sample], _ setting: TrainingSetting) throws {}
  static func targets(_ given: Targets, _ batch: Batch, seen: Double) -> Targets { given }
  static var keeps: Bool { true }
  static func state(seen: Double) -> Double { seen }
  static var columns: [String] { ["id", "label"] }
}

private final class FaultyPolicy<F: Labelling>: LabelPolicy {
  typealias Options = NoOptions
  private var seen = 0.0
  init(_ options: NoOptions) {}
  func begin(_ samples: inout [Sample], in setting: TrainingSetting) throws { try F.begin(&samples, setting) }
  func targets(_ given: Targets, for batch: Batch) throws -> Targets { F.targets(given, batch, seen: seen) }
  func observe(_ outcome: Outcome, _ targets: Targets, _ indices: [Int], epoch: Int) {
    seen += Double(indices.count)
  }
  var state: ComponentState {
    get { ComponentState(F.keeps ? ["seen": [F.state(seen: seen)]] : [:]) }
    set { seen = newValue.numbers["seen"]?.first ?? 0 }
  }
  func remarks(on samples: [Sample], classes: [String]) -> [Table] {
    [Table("changed", columns: F.columns, rows: samples.map { [$0.id, classes[$0.label]] })]
  }
}

/// A third of all labels, by seed and id.
private enum Noise: Labelling {
  static func begin(_ samples: inout [Sample], _ setting: TrainingSetting) throws {
    for index in samples.indices {
      var random = RandomSource(seed: setting.seed, stream: "noise " + samples[index].id)
      guard random.below(3) == 0 else { continue }
      samples[index].label = random.below(setting.classes.count)
      samples[index].distribution = nil
    }
  }
}
/// Weighs rows by how many have been seen, and puts a teacher's distribution in place of the labels.
private enum Teaching: Labelling {
  static func begin(_ samples: inout [Sample], _ setting: TrainingSetting) throws {
    let model = try setting.loadModel("teacher", "")
    let answer = try model.distribution(of: .ones([2, 4, 4, 3]))
    #expect(answer.shape == [2, 4])
  }
  static func targets(_ given: Targets, _ batch: Batch, seen: Double) -> Targets {
    var answer = given
    answer.distribution = given.distribution(classCount: 4, smoothing: 0.1)
    answer.weights = batch.indices.map { Float(1 + (Int(seen) + $0) % 5) }
    return answer
  }
}
private enum ByPlace: Labelling {
  static func begin(_ samples: inout [Sample], _ setting: TrainingSetting) throws {
    var random = RandomSource(seed: setting.seed, stream: "noise")
    for index in samples.indices { samples[index].label = random.below(4) }
  }
}
private enum Removing: Labelling {
  static func begin(_ samples: inout [Sample], _ setting: TrainingSetting) throws {
    samples.removeAll { $0.label == 0 }
  }
}
private enum OutOfRange: Labelling {
  static func begin(_ samples: inout [Sample], _ setting: TrainingSetting) throws {
    for index in samples.indices { samples[index].label += 1 }
  }
}
private enum NegativeWeights: Labelling {
  static func targets(_ given: Targets, _ batch: Batch, seen: Double) -> Targets {
    Targets(labels: given.labels, distribution: given.distribution, weights: given.labels.map { _ in -1 })
  }
}
private enum FewRows: Labelling {
  static func targets(_ given: Targets, _ batch: Batch, seen: Double) -> Targets {
    Targets(labels: Array(given.labels.dropLast()))
  }
}
private enum Forgetting: Labelling {
  static var keeps: Bool { false }
  static func targets(_ given: Targets, _ batch: Batch, seen: Double) -> Targets {
    Teaching.targets(given, batch, seen: seen)
  }
}
private enum Infinite: Labelling {
  static func state(seen: Double) -> Double { .infinity }
}
private enum RaggedRemarks: Labelling {
  static var columns: [String] { ["id"] }
}
private enum Capricious: Labelling {
  static func targets(_ given: Targets, _ batch: Batch, seen: Double) -> Targets {
    var answer = given
    answer.weights = given.labels.map { _ in Float.random(in: 0...1) }
    return answer
  }
}
