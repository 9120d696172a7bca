import FERCore
import FERData
import FERTraining
import TensorKit

/// Reads the images of a command line and prepares them as a model was trained.
struct FaceReader {
  /// Images that are looked at together.
  static let groupSize = 16

  /// An image on its way: the network's input, or what is wrong with it.
  struct Face {
    var name = ""
    var values: [Float]?
    var thumbnail: Image?
    /// The boxes of its views, as shares of its sides, where there is a thumbnail.
    var views: [Canvas.Box] = []
    var problem: DataProblem?
  }

  private let pipeline: InputPipeline
  private let limits: ImageFile.Limits
  private let keepsThumbnails: Bool

  init(_ subject: ModelSubject, keepsThumbnails: Bool) {
    self.keepsThumbnails = keepsThumbnails
    pipeline = InputPipeline(subject.trained.input, views: subject.recipe.views)
    limits = ImageFile.Limits(pixels: subject.recipe.data.pixelLimit)
  }

  /// Decodes on all threads; no image is kept at its own size.
  func read(_ items: [ImageQueue.Item]) -> [Face] {
    var faces = [Face](repeating: Face(), count: items.count)
    faces.withUnsafeMutableBufferPointer { faces in
      Parallel.forEach(items.count) { faces[$0] = read(items[$0]) }
    }
    return faces
  }

  private func read(_ item: ImageQueue.Item) -> Face {
    do throws(DataProblem) {
      switch item {
      case .problem(let problem): return Face(name: problem.path, problem: problem)
      case .file(let path): return try face(path, ImageFile.decode(path: path, limits: limits))
      case .bytes(let bytes):
        return try face(
          ImageQueue.inputName, try ImageFile.decode(bytes, name: ImageQueue.inputName, limits: limits))
      }
    } catch {
      return Face(name: error.path, problem: error)
    }
  }

  private func face(_ name: String, _ image: Image) throws(DataProblem) -> Face {
    let values = try pipeline.evaluation(image, named: name)
    guard keepsThumbnails else { return Face(name: name, values: values) }
    let boxes = pipeline.evaluationBoxes(width: image.width, height: image.height).map {
      Canvas.Box($0, inWidth: image.width, height: image.height)
    }
    return Face(name: name, values: values, thumbnail: image.thumbnail, views: boxes)
  }

  /// The network's input of those that could be read, `[n·V, size, size, 3]`; nil where there are none.
  func input(of faces: [Face]) -> Tensor? {
    let readable = faces.compactMap(\.values)
    guard !readable.isEmpty else { return nil }
    return Tensor(
      [readable.count * pipeline.viewCount, pipeline.size, pipeline.size, 3], Array(readable.joined()))
  }
}

extension Canvas.Box {
  /// A box in pixels as shares of an image's sides.
  fileprivate init(_ box: Box, inWidth width: Int, height: Int) {
    let (across, down) = (1 / Double(width), 1 / Double(height))
    self.init(
      x: Double(box.left) * across, y: Double(box.top) * down, width: Double(box.right - box.left) * across,
      height: Double(box.bottom - box.top) * down)
  }
}

extension Image {
  /// Small enough to be kept for a picture.
  fileprivate var thumbnail: Image {
    let scale = min(1, 320 / Double(max(width, height)))
    let side = { (length: Int) in max(1, Int((Double(length) * scale).rounded())) }
    return resized(width: side(width), height: side(height), antialias: true)
  }
}
