import NeuralKit

/// A set of labelled images. Made while a recipe is checked; reads nothing before ``load(_:)``.
public protocol Dataset: Component, Sendable where Kind == any Dataset {
  /// Tells its layout by sight: by names and first lines below a folder (or by a file, where the layout is one), never
  /// by looking at all images.
  /// - Returns: what a recipe has to say to use it; nil where it is another layout.
  static func recognise(_ path: String) -> RecognisedLayout?
  /// Finds the samples and maps their class names to indices into the request's classes.
  /// - Throws: a ``DataProblem``.
  func load(_ request: DataRequest) throws -> any LoadedDataset
}
extension Dataset {
  /// Cannot be told by sight.
  public static func recognise(_ path: String) -> RecognisedLayout? { nil }
}

/// What is wanted of a dataset, whichever it is.
public struct DataRequest: Sendable {
  /// The class names, in the model's order.
  public let classes: [String]
  /// Pixels of the largest image that may be read; a larger one is bad before memory is given to it.
  public let pixelLimit: Int
  /// Classes of the dataset to leave out.
  public let ignore: [String]
  /// Whether there may be classes that the dataset does not know.
  public let allowMissing: Bool
  private let badImages: BadImagePolicy

  /// Everything as a recipe says it where it says nothing, but for the classes.
  /// - Parameter badImages: a quarantine without a list gets one in the dataset's folder.
  public init(
    classes: [String], pixelLimit: Int = 64 << 20, badImages: BadImagePolicy = .fail, ignore: [String] = [],
    allowMissing: Bool = false
  ) {
    (self.classes, self.pixelLimit, self.badImages) = (classes, pixelLimit, badImages)
    (self.ignore, self.allowMissing) = (ignore, allowMissing)
  }

  /// What happens to images that cannot be read, in a dataset whose folder is known.
  public func badImagePolicy(in folder: String) -> BadImagePolicy {
    guard case .quarantine("", let share) = badImages else { return badImages }
    return .quarantine(list: "\(folder)/quarantine.txt", upTo: share)
  }
}

/// A dataset whose samples are known. Safe to read from several threads.
public protocol LoadedDataset: Sendable {
  /// The samples in a fixed order that does not depend on the file system.
  var samples: [Sample] { get }
  /// Decodes one image.
  /// - Throws: a ``DataProblem`` that names the file.
  func image(at index: Int) throws -> Image
  /// The folder that a list of bad images belongs to.
  var folder: String { get }
  /// The file of a sample, as problems with it name it.
  func path(at index: Int) -> String
  /// Files beside the samples' own that decide what these are: lists of labels, tables of pixels or boxes.
  var tables: [String] { get }
  /// What was left out already when the dataset was loaded.
  var leftOut: [DataProblem] { get }
  /// What else there is to say of the data, in sentences: what was left out on purpose, and how many.
  var notes: [String] { get }
  /// What may be a mistake in the data, in sentences: files passed over, a folder in the wrong place.
  var warnings: [String] { get }
}
extension LoadedDataset {
  /// The folder that the process works in.
  public var folder: String { "." }
  /// The sample's own name, where there are no files.
  public func path(at index: Int) -> String { samples[index].id }
  /// The samples' own files are all there is.
  public var tables: [String] { [] }
  /// Nothing was left out.
  public var leftOut: [DataProblem] { [] }
  /// There is nothing else to say.
  public var notes: [String] { [] }
  /// Nothing looks like a mistake.
  public var warnings: [String] { [] }
}
