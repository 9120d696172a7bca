import NeuralKit

/// What a component may know while it is built: what comes before it, and where its parameters go.
public struct BuildContext {
  /// Where the component under construction keeps its parameters.
  public var scope: ParameterScope
  /// The class names, in the model's order.
  public let classes: [String]
  /// Side of the square input image, in pixels.
  public let inputSize: Int
  /// How many images each sample has.
  public let views: ViewPlan
  /// What the backbone delivers; empty before it is built.
  public var imageLevels: [PyramidLevel] = []
  /// What the landmark extractor delivers; empty where there is none.
  public var landmarkLevels: [PyramidLevel] = []
  /// The size of the embedding that head and corrections see; nil before the encoder is built.
  public var embedding: Int?
  /// The names of the correction terms; empty where there are none, or before they are built.
  public var terms: [String] = []

  /// The context at the root of a model; the assembly moves `scope` from part to part.
  public init(scope: ParameterScope, classes: [String], inputSize: Int, views: ViewPlan = .single) {
    (self.scope, self.classes, self.inputSize, self.views) = (scope, classes, inputSize, views)
  }

  /// The number of classes C.
  public var classCount: Int { classes.count }

  /// The size D of the embedding.
  /// - Throws: ``BuildIssue`` where no encoder has announced one.
  public func embeddingSize() throws -> Int {
    guard let embedding else { throw BuildIssue("", "needs an embedding, and no encoder comes before it") }
    return embedding
  }
}
