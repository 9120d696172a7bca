import ARBEx
import FERCore
import FERData
import FERTraining
import Foundation
import NeuralKit
import Support
import Synchronization
import TensorKit

/// What `arbex_model` stands for.
final class LoadedModel: Sendable {
  /// What is said of one image.
  struct Answer {
    let primary: [Float]
    let final: [Float]
  }

  /// The names of the classes with the zero at their end; never moved, never written.
  nonisolated(unsafe) let names: [UnsafeMutablePointer<CChar>]
  /// The longest side and most pixels that are taken.
  private let limits: ImageFile.Limits
  private let pipeline: InputPipeline
  /// The engine's threads work for one caller at a time.
  private let evaluator: Mutex<Evaluator>

  /// - Throws: where the file is no weight file with a recipe, or does not fit it.
  init(path: String) throws {
    let file = try WeightFile(path)
    guard let text = file.metadata["recipe"] else {
      throw FileProblem(
        path,
        "holds no recipe; give a weight file that arbex trained, as checkpoints/best.safetensors of a run")
    }
    let registry = try Registry.builtins()
    let recipe = try Recipe.load(text: text, path: path, registry: registry)
    let trained = try TrainedModel(recipe, weights: path, namings: registry.namings)
    names = trained.recipe.classes.map { strdup($0) }
    limits = ImageFile.Limits(pixels: trained.recipe.data.pixelLimit)
    pipeline = InputPipeline(trained.input, views: trained.recipe.views)
    let temperatures = trained.temperatures
    evaluator = Mutex(Evaluator(trained.model, batchSize: 1, temperatures: temperatures))
  }

  deinit { for name in names { free(name) } }

  /// - Throws: a sentence for what is wrong with the image.
  func answer(bytes: [UInt8]) throws -> Answer {
    try answer(try ImageFile.decode(bytes, name: "image", limits: limits))
  }

  /// - Parameter stride: bytes from row to row; 0 for rows without a gap.
  func answer(pixels: UnsafePointer<UInt8>, width: Int, height: Int, stride: Int) throws -> Answer {
    guard width > 0, height > 0, width <= limits.side, height <= limits.side, width * height <= limits.pixels
    else {
      throw DataProblem(
        "image",
        "is \(width)x\(height) pixels; sides from 1 to \(limits.side) and at most \(limits.pixels) pixels are taken"
      )
    }
    let step = stride == 0 ? 3 * width : stride
    guard step >= 3 * width, step <= 1 << 32 else {
      throw DataProblem("image", "has rows of \(step) bytes, \(width) pixels need \(3 * width)")
    }
    var values: [UInt8] = []
    values.reserveCapacity(3 * width * height)
    for row in 0..<height { values += UnsafeBufferPointer(start: pixels + row * step, count: 3 * width) }
    return try answer(Image(width: width, height: height, eightBit: values))
  }

  private func answer(_ image: Image) throws -> Answer {
    let values = try pipeline.evaluation(image, named: "image")
    let shape = [pipeline.viewCount, pipeline.size, pipeline.size, 3]
    return try evaluator.withLock { evaluator in
      let rows = try evaluator.predict(Tensor(shape, values), ids: ["image"])
      return Answer(primary: rows[0].primary, final: rows[0].final)
    }
  }
}
