import FERCore
import FERData
import FERTraining
import Support
import TensorKit

/// A model from images as files hold them to its distributions, which can be traced.
struct TracedModel {
  private let model: ExpressionModel
  private let input: InputOptions
  private let boxes: [Box]
  private let isNormalising: Bool
  private let temperatures: Temperatures?

  /// - Parameter isNormalising: whether pixels are normalised within; false where they come so.
  /// - Parameter temperatures: by which primary and final distributions are tempered.
  /// - Throws: ``RunProblem`` where a view does not lie in an image of the input's size.
  init(_ trained: TrainedModel, isNormalising: Bool, temperatures: Temperatures?) throws {
    (model, input) = (trained.model, trained.input)
    (self.isNormalising, self.temperatures) = (isNormalising, temperatures)
    let side = trained.input.size
    boxes = InputPipeline(trained.input, views: trained.recipe.views)
      .evaluationBoxes(width: side, height: side)
    if let bad = boxes.first(where: { !$0.lies(inWidth: side, height: side) }) {
      throw RunProblem.request(
        "input.views: the view of columns \(bad.left)..<\(bad.right) and rows \(bad.top)..<\(bad.bottom) does not lie "
          + "within an image of \(side)x\(side) pixels")
    }
  }

  /// What it does to any number of images.
  /// - Throws: ``RunProblem`` where that cannot be told; `ComponentFault`.
  func trace() throws -> BatchFreeTrace { try BatchFreeTrace(run(over: 2), run(over: 3)) }

  /// Over images of noise: what a run would make of a particular one must not matter.
  private func run(over count: Int) throws -> BatchFreeTrace.Run {
    var random = RandomSource(seed: 17, stream: "traced images", epoch: UInt64(count))
    let images = Tensor([count, input.size, input.size, 3]) { pixels in
      for index in pixels.indices { pixels[index] = random.uniform() }
    }
    let trace = Trace()
    let outputs = try outputs(of: Tape(tracing: trace).watch(images))
    return BatchFreeTrace.Run(trace: trace, images: count, outputs: outputs)
  }

  /// The distributions by name, each `[N, C]`.
  /// - Parameter images: `[N, S, S, 3]`, RGB in 0...1, or as the network takes them where it does not normalise.
  func outputs(of images: Tensor) throws -> [(name: String, tensor: Tensor)] {
    let views = Self.cut(boxes, from: images)
    let outcome = try model(isNormalising ? Self.normalised(views, input) : views, .evaluation)
    return [("primary", outcome.primary.tempered(by: temperatures?.primary))]
      + outcome.terms.map { ("terms.\($0.name)", $0.distribution) }
      + [("final", outcome.final.tempered(by: temperatures?.final))]
  }

  /// `[N, S, S, 3]` → `[N·V, S, S, 3]`, each box brought to the whole size, as `InputPipeline` does it.
  private static func cut(_ boxes: [Box], from images: Tensor) -> Tensor {
    guard !boxes.isEmpty else { return images }
    let shape = Array(images.shape.dropFirst())
    let views = boxes.map { box in
      let (height, width) = (box.bottom - box.top, box.right - box.left)
      let part =
        [height, width] == shape[..<2]
        ? images
        : images.sliced(along: 1, from: box.top, count: height).sliced(along: 2, from: box.left, count: width)
          .resized(height: shape[0], width: shape[1], mode: .bilinear)
      return part.expanded(at: 1)  // [N, 1, S, S, 3]
    }
    return Tensor.concatenated(views, along: 1).reshaped([-1] + shape)
  }

  /// The channels in the order in which the network takes them, less their mean, over their deviation.
  private static func normalised(_ images: Tensor, _ input: InputOptions) -> Tensor {
    let ordered =
      input.channels == .rgb
      ? images
      : Tensor.concatenated(
        [2, 1, 0].map { images.sliced(along: 3, from: $0, count: 1) }, along: 3)
    let (mean, deviation) = (input.normalize.mean, input.normalize.deviation)
    return (ordered - Tensor([3], mean)) * Tensor([3], deviation.map { 1 / $0 })
  }
}

extension Tensor {
  /// Each row p as p^(1/T), normalised: see `Temperatures`.
  fileprivate func tempered(by temperature: Double?) -> Tensor {
    guard let temperature, temperature != 1 else { return self }
    let shares = self / maximum(along: 1).expanded(at: 1)
    let weights = shares.pow(Float(1 / temperature))
    return weights / weights.sum(along: 1, keepingDimensions: true)
  }
}
