import ARBEx

/// Proposes the classes whose prototype points the same way as the embedding.
///
///     t = softmax(e · Pᵀ / (T √D))     P: one learned vector per class
///
/// ## Shapes
/// embedding `[N, D]`, prototypes `[C, D]` → distribution `[N, C]`
package final class PrototypeCorrection: CorrectionTerm {
  package struct Options: ComponentOptions {
    @Option("Softmax temperature T.", above: 0) package var temperature: Float = 1

    package init() {}
  }

  private let prototypes: Parameter
  private let scale: Float

  package init(_ options: Options, in context: inout BuildContext) throws {
    let size = try context.embeddingSize()
    prototypes = context.scope.parameter("prototypes", [context.classCount, size], .normal(deviation: 1))
    scale = 1 / (options.temperature * Float(size).squareRoot())
  }

  package func correct(_ prediction: Prediction, _ pass: ForwardPass) -> Correction {
    let similarity = prediction.embedding.matmul(pass[prototypes], transposingOther: true)  // [N, C]
    return Correction(distribution: (similarity * scale).softmax())
  }
}
