import FERCore
import TensorKit

/// Image files whose classes are known: what most datasets load.
public struct LoadedImageFiles: LoadedDataset {
  /// The dataset's folder, where a list of bad images lies.
  public let folder: String
  /// Every image that may be one, in a fixed order.
  public let samples: [Sample]
  /// What was left out because its size or first bytes are wrong.
  public let leftOut: [DataProblem]
  /// What was left out on purpose, and how many.
  public let notes: [String]
  /// What may be a mistake in the data.
  public let warnings: [String]
  /// Files that decide which images these are, and of which classes.
  public let tables: [String]
  private let images: String
  private let limits: ImageFile.Limits
  /// The part of each picture that is the image, where it is a part.
  private let faces: [FaceBox?]?

  /// Looks at the size and the first bytes of each file: a missing or empty file or a text should not come to light
  /// in the middle of an epoch.
  /// - Parameter samples: images whose ids are paths below `images`.
  /// - Parameter folder: the dataset's folder.
  /// - Parameter notes: what else there is to say of the data, in sentences.
  /// - Parameter warnings: what may be a mistake in them, in sentences.
  /// - Parameter tables: files that the samples were read from.
  /// - Throws: a ``DataProblem`` where more files are bad than the request allows, or none is left.
  public init(
    checking samples: [Sample], in images: String, of folder: String, for request: DataRequest,
    notes: [String] = [], warnings: [String] = [], tables: [String] = []
  ) throws(DataProblem) {
    try self.init(
      checking: samples, in: images, of: folder, for: request, faces: nil, notes: notes, warnings: warnings,
      tables: tables)
  }

  /// - Parameter faces: for each sample, the part to cut out.
  init(
    checking samples: [Sample], in images: String, of folder: String, for request: DataRequest,
    faces: [FaceBox?]?, notes: [String], warnings: [String] = [], tables: [String] = []
  ) throws(DataProblem) {
    let found = Self.problems(samples, images)
    leftOut = found.compactMap { $0 }
    try request.badImagePolicy(in: folder).check(leftOut, of: samples.count)
    guard leftOut.count < samples.count else { throw DataProblem(images, "holds no readable images") }
    (self.folder, self.images, self.notes, self.tables) = (folder, images, notes, tables)
    self.warnings = warnings
    self.samples = leftOut.isEmpty ? samples : zip(samples, found).filter { $0.1 == nil }.map(\.0)
    self.faces = faces.map { zip($0, found).filter { $0.1 == nil }.map(\.0) }
    limits = ImageFile.Limits(pixels: request.pixelLimit)
  }

  private static func problems(_ samples: [Sample], _ folder: String) -> [DataProblem?] {
    var problems = [DataProblem?](repeating: nil, count: samples.count)
    problems.withUnsafeMutableBufferPointer { problems in
      Parallel.forEachBlock(of: samples.count, size: 256) { block in
        for index in block {
          problems[index] = ImageFile.quickProblem(path: "\(folder)/\(samples[index].id)")
        }
      }
    }
    return problems
  }

  /// The file of a sample.
  public func path(at index: Int) -> String { "\(images)/\(samples[index].id)" }

  /// Reads and decodes one file.
  /// - Throws: a ``DataProblem`` that names it.
  public func image(at index: Int) throws -> Image {
    let path = path(at: index)
    let image = try ImageFile.decode(path: path, limits: limits)
    guard let faces else { return image }
    guard let box = faces[index] else { throw DataProblem(path, "the table gives no box of its face") }
    guard let face = box.cut(from: image) else {
      throw DataProblem(
        path,
        "is \(image.width)x\(image.height); the box of its face, \(box.width)x\(box.height) at \(box.x), \(box.y), "
          + "lies outside")
    }
    return face
  }
}
