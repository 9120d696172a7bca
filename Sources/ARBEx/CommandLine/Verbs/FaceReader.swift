import FERCore
import FERData
import FERTools
import FERTraining
import TensorKit

/// Reads the images of a command line and prepares them as a model was trained; with a finder, the faces in them.
struct FaceReader {
  /// Images that are looked at together.
  static let groupSize = 16

  /// An image on its way: the faces in it, or what is wrong with it.
  struct Reading {
    var name = ""
    /// Without a finder the image as it is.
    var faces: [Face] = []
    var problem: DataProblem?
    /// The image where faces were looked for and pictures are wanted.
    var photograph: Image?
  }

  /// A face on its way to the network.
  struct Face {
    /// The network's input.
    let values: [Float]
    var thumbnail: Image?
    /// The boxes of its views, as shares of its sides, where there is a thumbnail.
    var views: [Canvas.Box] = []
    /// Which of the faces it is, where they were looked for.
    var mark: PredictionWriter.Face?
    /// Its box as shares of the photograph's sides, where there is one.
    var box = Canvas.Box(x: 0, y: 0, width: 0, height: 0)
  }

  private let pipeline: InputPipeline
  private let limits: ImageFile.Limits
  private let keepsThumbnails: Bool
  private let finder: FaceFinder?

  init(_ subject: ModelSubject, keepsThumbnails: Bool, finder: FaceFinder? = nil) {
    self.finder = finder
    self.keepsThumbnails = keepsThumbnails
    pipeline = InputPipeline(subject.trained.input, views: subject.recipe.views)
    limits = ImageFile.Limits(pixels: subject.recipe.data.pixelLimit)
  }

  /// Decodes on all threads; no image is kept at its own size.
  func read(_ items: [ImageQueue.Item]) -> [Reading] {
    var readings = [Reading](repeating: Reading(), count: items.count)
    readings.withUnsafeMutableBufferPointer { readings in
      Parallel.forEach(items.count) { readings[$0] = read(items[$0]) }
    }
    return readings
  }

  private func read(_ item: ImageQueue.Item) -> Reading {
    do throws(DataProblem) {
      switch item {
      case .problem(let problem): return Reading(name: problem.path, problem: problem)
      case .file(let path): return try reading(path, ImageFile.decode(path: path, limits: limits))
      case .bytes(let bytes, let name):
        return try reading(name, try ImageFile.decode(bytes, name: name, limits: limits))
      }
    } catch {
      return Reading(name: error.path, problem: error)
    }
  }

  private func reading(_ name: String, _ image: Image) throws(DataProblem) -> Reading {
    guard let finder else { return Reading(name: name, faces: [try face(name, image)]) }
    var reading = Reading(name: name)
    for (index, found) in try finder.faces(in: image, named: name).enumerated() {
      var face = try face(name, found.image)
      face.mark = PredictionWriter.Face(number: index + 1, found: found.face)
      face.box = Canvas.Box(found.face.box, inWidth: image.width, height: image.height)
      reading.faces.append(face)
    }
    if keepsThumbnails { reading.photograph = image.shrunk(to: PhotographPicture.longestSide) }
    return reading
  }

  private func face(_ name: String, _ image: Image) throws(DataProblem) -> Face {
    let values = try pipeline.evaluation(image, named: name)
    guard keepsThumbnails else { return Face(values: values) }
    let boxes = pipeline.evaluationBoxes(width: image.width, height: image.height).map {
      Canvas.Box($0, inWidth: image.width, height: image.height)
    }
    return Face(values: values, thumbnail: image.shrunk(to: 320), views: boxes)
  }

  /// The network's input, `[n·V, size, size, 3]`.
  func input(of faces: some Collection<Face>) -> Tensor {
    Tensor(
      [faces.count * pipeline.viewCount, pipeline.size, pipeline.size, 3],
      Array(faces.map(\.values).joined()))
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
  fileprivate func shrunk(to longest: Int) -> Image {
    let scale = min(1, Double(longest) / Double(max(width, height)))
    let side = { (length: Int) in max(1, Int((Double(length) * scale).rounded())) }
    return resized(width: side(width), height: side(height), antialias: true)
  }
}
