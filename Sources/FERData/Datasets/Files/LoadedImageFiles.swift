import FERCore
import TensorKit

/// Image files whose classes are known.
public struct LoadedImageFiles: TolerantDataset {
  /// The folder that the samples' names start from.
  public let folder: String
  /// Every image with its class, in a fixed order.
  public let samples: [Sample]
  /// What to do with images that cannot be decoded.
  public let badImagePolicy: BadImagePolicy
  /// What was left out because its size or first bytes are wrong.
  public let leftOut: [DataProblem]
  /// What else there is to say of the data: what was left out on purpose, and how many.
  public let notes: [String]
  /// What an image may claim of itself.
  public var limits = ImageFile.Limits()
  /// The part of each picture that is the image, where it is a part.
  private let faces: [FaceBox?]?

  /// Looks at the size and the first bytes of each file: a missing or empty file or a text should not come to light
  /// in the middle of an epoch.
  /// - Parameter samples: images whose ids are paths below `folder`.
  /// - Parameter faces: for each, the part to cut out.
  /// - Throws: a ``DataProblem`` where more files are bad than the policy allows, or none is left.
  init(
    checking samples: [Sample], in folder: String, _ policy: BadImagePolicy, faces: [FaceBox?]? = nil,
    notes: [String] = []
  ) throws(DataProblem) {
    let found = Self.problems(samples, folder)
    let bad = found.compactMap { $0 }
    try policy.check(bad, of: samples.count)
    guard bad.count < samples.count else { throw DataProblem(folder, "holds no readable images") }
    self.folder = folder
    self.samples = bad.isEmpty ? samples : zip(samples, found).filter { $0.1 == nil }.map(\.0)
    self.faces = faces.map { zip($0, found).filter { $0.1 == nil }.map(\.0) }
    (badImagePolicy, leftOut, self.notes) = (policy, bad, notes)
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
  public func path(at index: Int) -> String { "\(folder)/\(samples[index].id)" }

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
