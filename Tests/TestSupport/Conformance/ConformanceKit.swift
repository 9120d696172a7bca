import FERCore
import NeuralKit
import TensorKit
import Support

/// What every component of a kind must keep to, whoever wrote it. One function for each kind; each returns what
/// is wrong, in sentences, and nothing where all is well. The usual call checks all that a plug-in registers:
///
///     #expect(try ConformanceKit.problems(in: Registry(plugins: [MyPlugin.self])) == [])
///
/// Checked everywhere: the same seed gives the same bits; a sample's result does not depend on the batch around
/// it; every trainable parameter gets a gradient, and it agrees with central differences; a model saved and
/// loaded again gives the same bits; the defaults are allowed, and each value out of an option's range is
/// refused under that option's key. On top of that, for each kind: declared sizes are kept, distributions sum
/// to 1, hard inputs have finite results.
public enum ConformanceKit {
  /// Samples in the batches used here.
  static let batch = 3
  /// Classes of the models used here.
  static let classes = 4
  /// Size of the embeddings that heads, corrections and losses are given.
  static let embedding = 12

  /// Everything registered, with default options: each problem after the kind and name of its component.
  /// - Parameter only: one component, as "corrections/anchor"; nil for all.
  public static func problems(in registry: Registry, only: String? = nil) -> [String] {
    func named<Product>(_ shelf: Shelf<Product>, _ check: (Entry<Product>) -> [String]) -> [String] {
      shelf.all.filter { only == nil || only == "\(shelf.plural)/\($0.summary.name)" }.flatMap { entry in
        check(entry).map { "\(entry.summary.kind) \"\(entry.summary.name)\": \($0)" }
      }
    }
    return named(registry.backbones) { problems(backbone: $0) }
      + named(registry.landmarks) { problems(landmarks: $0) }
      + named(registry.encoders) { problems(encoder: $0) } + named(registry.heads) { problems(head: $0) }
      + named(registry.corrections) { problems(correction: $0) }
      + named(registry.losses) { problems(loss: $0) }
      + named(registry.samplers) { problems(sampler: $0) }
      + named(registry.augmentations) { OptionCheck(entry: $0).problems() }
      + named(registry.datasets) { OptionCheck(entry: $0).problems() }
  }

  /// A backbone, on square images of side `inputSize`.
  public static func problems(
    backbone entry: Entry<any Backbone>, options: JSONValue? = nil, inputSize: Int = 32
  ) -> [String] {
    let images = input("images", [batch, inputSize, inputSize, 3])
    let trial = Trial(entry, options, context: { .fixture(inputSize: inputSize) }, inputs: [images]) {
      $0.features(of: $1[0], $2).levels
    }
    return trial.problems { part, outputs in levelProblems(part.levels, outputs) }
  }

  /// A landmark extractor, on square images of side `inputSize`.
  public static func problems(
    landmarks entry: Entry<any LandmarkExtractor>, options: JSONValue? = nil, inputSize: Int = 32
  ) -> [String] {
    let images = input("images", [batch, inputSize, inputSize, 3])
    let trial = Trial(entry, options, context: { .fixture(inputSize: inputSize) }, inputs: [images]) {
      let found = $0.landmarks(of: $1[0], wantsPoints: true, $2)
      return found.levels + (found.points.map { [$0] } ?? [])
    }
    return trial.problems { part, outputs in
      guard outputs.count > part.levels.count else { return levelProblems(part.levels, outputs) }
      let points = outputs[outputs.count - 1].shape
      let shapeProblem =
        points.count == 3 && points[2] == 2 ? [] : ["points have shape \(points), must be [N, P, 2]"]
      return levelProblems(part.levels, outputs.dropLast()) + shapeProblem
    }
  }

  /// An encoder, on small pyramids of these levels. Where it can do without landmarks, it is tried without them
  /// too.
  public static func problems(
    encoder entry: Entry<any Encoder>, options: JSONValue? = nil,
    image: [PyramidLevel] = [
      PyramidLevel(height: 8, width: 8, channels: 8), PyramidLevel(height: 4, width: 4, channels: 16),
    ],
    landmarks: [PyramidLevel] = [
      PyramidLevel(height: 8, width: 8, channels: 8), PyramidLevel(height: 4, width: 4, channels: 24),
    ]
  ) -> [String] {
    func pyramid(_ name: String, _ levels: [PyramidLevel]) -> [Tensor] {
      levels.enumerated().map { input("\(name) \($0)", [batch, $1.height, $1.width, $1.channels]) }
    }
    func problems(withLandmarks: Bool) -> [String] {
      let trial = Trial(
        entry, options, context: { .fixture(image: image, landmarks: withLandmarks ? landmarks : []) },
        inputs: pyramid("image", image) + (withLandmarks ? pyramid("landmarks", landmarks) : [])
      ) { part, inputs, pass in
        let points = withLandmarks ? FeaturePyramid(levels: Array(inputs.dropFirst(image.count))) : nil
        return [
          part.encode(
            image: FeaturePyramid(levels: Array(inputs.prefix(image.count))), landmarks: points, pass)
        ]
      }
      return trial.problems { part, outputs in
        shapeProblems(outputs[0], [batch, part.embeddingSize], "the embedding")
      }
    }
    var alone = BuildContext.fixture(image: image)
    let canDoWithout = (try? entry.make(options, in: &alone)) != nil
    return problems(withLandmarks: true) + (canDoWithout ? problems(withLandmarks: false) : [])
  }

  /// A head.
  public static func problems(
    head entry: Entry<any Head>, options: JSONValue? = nil
  ) -> [String] {
    let trial = Trial(
      entry, options, context: { .fixture(classes: classes, embedding: embedding) },
      inputs: [input("embedding", [batch, embedding])], leakTolerance: 1e-6
    ) {
      let found = $0.classify($1[0], $2)
      return [found.logits] + (found.sampleWeight.map { [$0] } ?? [])
    }
    return trial.problems { _, outputs in
      shapeProblems(outputs[0], [batch, classes], "the logits")
        + (outputs.count > 1 ? shapeProblems(outputs[1], [batch, 1], "the samples' weights") : [])
    }
  }

  /// A correction term.
  public static func problems(
    correction entry: Entry<any CorrectionTerm>, options: JSONValue? = nil
  ) -> [String] {
    let trial = Trial(
      entry, options, context: { .fixture(classes: classes, embedding: embedding) },
      inputs: [input("embedding", [batch, embedding]), distributions], leakTolerance: 1e-6
    ) {
      [$0.correct(Prediction(embedding: $1[0], distribution: $1[1]), $2).distribution]
    }
    return trial.problems { part, outputs in
      let prediction = Prediction(embedding: trial.inputs[0], distribution: trial.inputs[1])
      let evidence = part.correct(prediction, .evaluation).evidence
      return shapeProblems(outputs[0], [batch, classes], "the distribution")
        + distributionProblems(outputs[0])
        + entry.summary.provides.filter { evidence[$0] == nil }.map {
          "does not deliver the evidence \"\($0)\""
        }
    } + certainInputProblems(trial)
  }

  /// Rows that sum to 1, drawn from the kit's own numbers.
  static var distributions: Tensor {
    (input("distribution", [batch, classes]) * 0.5).softmax(along: -1)
  }

  static func input(_ name: String, _ shape: [Int]) -> Tensor {
    Tensor(shape, uniform("conformance " + name, shape.reduce(1, *)))
  }

  static func shapeProblems(_ found: Tensor, _ expected: [Int], _ what: String) -> [String] {
    found.shape == expected ? [] : ["\(what) has shape \(found.shape), declared is \(expected)"]
  }

  /// Every row non-negative and summing to 1.
  static func distributionProblems(_ found: Tensor) -> [String] {
    let width = max(found.shape.last ?? 1, 1)
    let values = found.values
    return (0..<(values.count / width)).compactMap { row in
      let share = values[(row * width)..<((row + 1) * width)]
      let sum = share.reduce(0, +)
      let isFine = abs(sum - 1) <= 1e-5 && share.allSatisfy { $0 >= 0 }
      return isFine ? nil : "row \(row) of the distribution is \(Array(share)), which sums to \(sum)"
    }
  }

  private static func levelProblems(_ declared: [PyramidLevel], _ found: [Tensor]) -> [String] {
    let expected = declared.map { [batch, $0.height, $0.width, $0.channels] }
    let shapes = found.map(\.shape)
    return shapes == expected ? [] : ["the levels have shapes \(shapes), declared are \(expected)"]
  }

  /// A term must stay finite where the head is certain and the embedding is huge or zero.
  private static func certainInputProblems(_ trial: Trial<any CorrectionTerm>) -> [String] {
    var certain = [Float](repeating: 0, count: batch * classes)
    for row in 0..<batch { certain[row * classes + row % classes] = 1 }
    return [Float(0), 1e4].flatMap { size -> [String] in
      let inputs = [Tensor.full([batch, embedding], size), Tensor([batch, classes], certain)]
      return trial.finitenessProblems(at: inputs, "a certain head and an embedding of \(size)")
    }
  }
}
