import ARBEx

/// Proposes the classes whose prototype points the same way as the embedding.
///
///     t = softmax(e · Pᵀ / (T √D))     P: one learned vector per class
///
/// ## Shapes
/// embedding `[N, D]`, prototypes `[C, D]` → distribution `[N, C]`
public final class PrototypeCorrection: CorrectionTerm {
  public struct Options: ComponentOptions {
    @Option("Softmax temperature T.", above: 0) public var temperature: Float = 1
    public init() {}
  }

  public static var provides: [EvidenceKey] { [] }
  private let prototypes: Parameter
  private let scale: Float

  public init(_ options: Options, in context: inout BuildContext) throws {
    let size = try context.embeddingSize()
    prototypes = context.scope.parameter("prototypes", [context.classCount, size], .normal(deviation: 1))
    scale = 1 / (options.temperature * Float(size).squareRoot())
  }

  public func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    let similarity = prediction.embedding.matmul(pass[prototypes], transposingOther: true)  // [N, C]
    return Correction(distribution: (similarity * scale).softmax())
  }
}

public enum PrototypePlugin: Plugin {
  public static func register(in registry: inout Registry) throws {
    try registry.corrections.register(
      "prototype", PrototypeCorrection.self, "one learned direction per class")
  }
}
