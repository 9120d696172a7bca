import FERCore
import FERData
import Foundation
import NeuralKit
import Support
import TensorKit

/// A trained model as a label policy uses it: frozen, its classes and its normalisation brought to those of the recipe
/// in training.
struct TeacherModel: FrozenModel {
  let fingerprint: String
  private let model: ExpressionModel
  /// For each class of the recipe in training, the teacher's index.
  private let places: [Int]
  /// Brings values from the recipe's normalisation to the teacher's, channel by channel; nil where they are the same.
  private let change: (gain: Tensor, offset: Tensor)?
  private let swapsColours: Bool

  /// - Parameter path: the folder of a run, or a recipe.
  /// - Parameter given: the file of its weights, in whatever names; empty for a run's own.
  /// - Throws: ``RunProblem`` where there are no such weights, or the model cannot see what this recipe's sees; a
  ///   `FileProblem` where the weights do not fit.
  init(_ path: String, weights given: String = "", for recipe: Recipe) throws {
    let (own, weights) = try Self.source(path, given, registry: recipe.registry)
    let trained = try TrainedModel(own, weights: weights, namings: recipe.registry.namings)
    let refused = { (what: String) in RunProblem.request("\(path.printable): \(what)") }
    let (theirs, ours) = (trained.recipe, recipe)
    guard theirs.input.size == ours.input.size else {
      throw refused(
        "sees images of \(theirs.input.size) pixels a side, this recipe makes them of \(ours.input.size)")
    }
    let counts = [theirs, ours].map { ($0.views?.plan ?? .single).count }
    guard counts[0] == counts[1] else {
      throw refused("sees \(counts[0]) views of a sample, this recipe makes \(counts[1])")
    }
    let met = ours.classes.map { ExpressionNames.index(of: $0, in: theirs.classes) }
    places = met.compactMap { $0 }
    guard places.count == ours.classes.count, theirs.classes.count == ours.classes.count else {
      throw refused(
        "knows the classes \(theirs.classes.listed(atMost: 20)), this recipe names \(ours.classes.listed(atMost: 20))"
      )
    }
    model = trained.model
    fingerprint = try Digest.sha256(ofFile: weights)
    swapsColours = theirs.input.channels != ours.input.channels
    let (from, to) = (ours.input.normalize, theirs.input.normalize)
    let order = swapsColours ? [2, 1, 0] : [0, 1, 2]
    // x·d + m is the pixel value; minus the teacher's mean, over its deviation.
    let gain = order.indices.map { from.deviation[order[$0]] / to.deviation[$0] }
    let offset = order.indices.map { (from.mean[order[$0]] - to.mean[$0]) / to.deviation[$0] }
    change = gain == [1, 1, 1] && offset == [0, 0, 0] ? nil : (Tensor([3], gain), Tensor([3], offset))
    let size = ours.input.size
    // What is wrong with a part is told before anything is trained.
    _ = try found(Tensor.zeros([counts[0], size, size, 3]), isThorough: true)
  }

  func distribution(of images: Tensor) throws -> Tensor { try found(images) }

  /// The recipe of a model, and the file of its weights.
  private static func source(_ path: String, _ given: String, registry: Registry) throws -> (Recipe, String) {
    let isRun = RunFolder.isRun(path)
    if FileSystem.isFolder(path) { _ = try RunFolder.existing(path) }
    guard isRun || !path.holdsWeights else {
      throw RunProblem.request(
        "\(path.printable): holds weights alone; name the recipe of their model, or its run, and this file beside it"
      )
    }
    let recipe = try Recipe.load(
      path: isRun ? path + "/recipe.json5" : path, needsWeights: false, registry: registry)
    guard isRun || !given.isEmpty else {
      throw RunProblem.request(
        "\(path.printable): a recipe alone has no trained weights; name the file of its weights, or the folder of a run"
      )
    }
    return (recipe, try given.isEmpty ? TrainedModel.weights(ofRun: path) : given)
  }

  private func found(_ given: Tensor, isThorough: Bool = false) throws -> Tensor {
    var images = given.detached
    if swapsColours {
      images = Tensor.concatenated((0..<3).map { images.sliced(along: 3, from: 2 - $0, count: 1) }, along: 3)
    }
    if let change { images = images * change.gain + change.offset }
    let final = try model(images, .evaluation, isThorough: isThorough).final
    return Tensor.concatenated(places.map { final.sliced(along: 1, from: $0, count: 1) }, along: 1)
  }
}

extension String {
  /// Whether the file at this path is one of weights.
  fileprivate var holdsWeights: Bool { (try? WeightFile(self)) != nil }
}
