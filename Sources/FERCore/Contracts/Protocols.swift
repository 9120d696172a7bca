import NeuralKit
import TensorKit

/// Turns an image into features of falling resolution.
public protocol Backbone: Component {
  /// The sizes it will deliver for the context's input size, the coarsest last.
  var levels: [PyramidLevel] { get }
  /// - Parameter images: `[N, H, W, 3]`, normalised.
  func features(of images: Tensor, _ pass: ForwardPass) -> FeaturePyramid
}

/// Turns an image into features that know where brows, eyes, nose and mouth are.
public protocol LandmarkExtractor: Component {
  /// The sizes it will deliver for the context's input size, the coarsest last.
  var levels: [PyramidLevel] { get }
  /// - Parameter images: `[N, H, W, 3]`, normalised.
  /// - Parameter wantsPoints: whether `points` is needed, which costs a little more.
  func landmarks(of images: Tensor, wantsPoints: Bool, _ pass: ForwardPass) -> FeaturePyramid
}

/// Fuses the pyramids into one embedding. Reads `context.imageLevels` and `context.landmarkLevels`.
public protocol Encoder: Component {
  /// The embedding's size D.
  var embeddingSize: Int { get }
  /// - Returns: the embedding `[N, D]`.
  func encode(image: FeaturePyramid, landmarks: FeaturePyramid?, _ pass: ForwardPass) -> Tensor
}

/// Turns the embedding into class scores. Reads `context.embeddingSize` and `context.classCount`.
public protocol Head: Component {
  /// - Parameter embedding: `[N, D]`
  func classify(_ embedding: Tensor, _ pass: ForwardPass) -> HeadOutput
}

/// Proposes a corrected distribution.
public protocol CorrectionTerm: Component {
  /// The evidence that every ``Correction`` of this term carries.
  static var provides: [EvidenceKey] { get }
  /// Must treat each sample by itself: a prediction may not depend on its neighbours in the batch.
  func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction
}

/// A number to make small.
public protocol Loss: Component {
  /// The evidence it cannot do without; checked against the corrections before anything runs.
  static var requires: [EvidenceKey] { get }
  /// - Returns: a scalar, shape `[1]`, the mean over the batch.
  func loss(of outcome: Outcome, against targets: Targets, _ pass: ForwardPass) -> Tensor
}
extension Loss {
  public static var requires: [EvidenceKey] { [] }
}

/// Decides which samples make an epoch, and in which order.
public protocol Sampler: Component {
  /// - Parameter random: a source of its own for this epoch.
  /// - Returns: indices into `samples`; one may come twice or not at all.
  func order(of samples: [Sample], classCount: Int, epoch: Int, random: RandomSource) -> [Int]
}

/// One labelled image, without its pixels.
public struct Sample: Sendable, Equatable {
  /// A name that stays the same between runs: the path below the dataset's root, or "synthetic/17".
  public var id: String
  /// An index into the model's classes.
  public var label: Int
  /// What belongs together (a person, a video); "" where that is not known.
  public var group: String
  /// How several annotators see it: a share for each of the model's classes, together 1. Training then aims at these;
  /// `label` still is what counts as right. Nil where the label is all that is known.
  public var distribution: [Float]?

  /// A sample by its stable name.
  public init(id: String, label: Int, group: String = "", distribution: [Float]? = nil) {
    self.id = id
    self.label = label
    self.group = group
    self.distribution = distribution
  }
}

/// A set of labelled images. Built while a recipe is checked; reads nothing before ``load(classes:)``.
public protocol Dataset: Component, Sendable {
  /// Finds the samples and maps their class names to indices into `classes`.
  /// - Throws: a ``DataProblem``.
  func load(classes: [String]) throws -> any LoadedDataset
}

/// A dataset whose samples are known. Safe to read from several threads.
public protocol LoadedDataset: Sendable {
  /// The samples in a fixed order that does not depend on the file system.
  var samples: [Sample] { get }
  /// Decodes one image.
  /// - Throws: a ``DataProblem`` that names the file.
  func image(at index: Int) throws -> Image
}

/// Something wrong with data from outside: which file or folder, what, and what to do.
public struct DataProblem: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let message: String

  /// A problem with the file or folder at `path`; "" where it is the data as a whole.
  public init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}

/// Changes a training image at random. Applied in the recipe's order, before resizing to the input size and
/// normalising.
public protocol Augmentation: Component, Sendable {
  /// - Parameter random: a source of its own for this image and this place in the list.
  /// - Parameter size: the input size the image will end at.
  func apply(to image: inout Image, size: Int, random: inout RandomSource)
}

/// A decoded colour image: RGB, row by row, three values per pixel in 0...1.
public struct Image: Sendable, Equatable {
  public var width: Int
  public var height: Int
  /// `height * width * 3` values. An image of eight-bit values reckons them each time until something is changed.
  public var pixels: [Float] {
    get { eightBit.map(Self.floats) ?? floats }
    _modify {
      if let bytes = eightBit { floats = Self.floats(bytes) }
      eightBit = nil
      yield &floats
    }
  }
  /// The same in eight bits, 255 for 1, where the image was made of them and has not been changed.
  public private(set) var eightBit: [UInt8]?
  private var floats: [Float] = []

  /// - Precondition: `height * width * 3` pixels.
  public init(width: Int, height: Int, pixels: [Float]) {
    precondition(pixels.count == width * height * 3, "Image: \(pixels.count) values for \(width)x\(height)x3")
    self.width = width
    self.height = height
    floats = pixels
  }

  /// An image of eight-bit values; 255 becomes 1.
  /// - Precondition: `height * width * 3` values.
  public init(width: Int, height: Int, eightBit: [UInt8]) {
    precondition(
      eightBit.count == width * height * 3, "Image: \(eightBit.count) values for \(width)x\(height)x3")
    self.width = width
    self.height = height
    self.eightBit = eightBit
  }

  /// Whether size and values are the same, however they are kept.
  public static func == (first: Image, second: Image) -> Bool {
    first.width == second.width && first.height == second.height && first.pixels == second.pixels
  }

  private static func floats(_ bytes: [UInt8]) -> [Float] {
    [Float](unsafeUninitializedCapacity: bytes.count) { values, count in
      bytes.withUnsafeBufferPointer { bytes in
        for index in bytes.indices { values[index] = Float(bytes[index]) / 255 }
      }
      count = bytes.count
    }
  }
}
