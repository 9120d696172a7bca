import ARBEx
import Outside
import TestSupport
import Testing

@Suite("Components from outside")
struct OutsideTests {
  /// What `outside-arbex plugins check` asks, of this package's components alone.
  @Test("every component keeps the rules of its kind")
  func conformance() throws {
    #expect(ConformanceKit.problems(in: try Registry(plugins: [OutsidePlugin.self])) == [])
  }

  @Test("numbers worked out by hand")
  func examples() {
    let boxes = [(0, 0, 168, 168), (56, 0, 224, 168), (28, 56, 196, 224), (0, 0, 224, 224)].map {
      Box(left: $0.0, top: $0.1, right: $0.2, bottom: $0.3)
    }
    let examples: [WorkedExample] = [
      // 224 · 3/4 = 168, 224 / 4 = 56, 224 / 8 = 28.
      .boxes(of: Regions(.init()), width: 224, height: 224, are: boxes),
      .factors(of: StraightSchedule(.init()), epochs: 4, are: [(0, 1), (1, 0.75), (4, 0)]),
      .steps(
        of: SignDescent(.init()), from: [1, 1, 1], learningRate: 0.25,
        gradients: [[3, 0, -0.1], [1, 1, 1]],
        lead: [[0.75, 1, 1.25], [0.5, 0.75, 1]]),
    ]
    #expect(examples.flatMap(ConformanceKit.check) == [])
  }
}

@Suite("Prototype correction")
struct PrototypeCorrectionTests {
  /// The term of two classes on embeddings of two numbers, with these prototypes.
  private func term(_ prototypes: [Float], temperature: Float = 1) throws -> PrototypeCorrection {
    var (context, options) = (BuildContext.fixture(classes: 2, embedding: 2), PrototypeCorrection.Options())
    options.temperature = temperature
    let term = try PrototypeCorrection(options, in: &context)
    context.store["prototypes"]?.value = Tensor([2, 2], prototypes)
    return term
  }

  private func proposal(_ embedding: Tensor, _ term: PrototypeCorrection) -> Tensor {
    let given = Prediction(embedding: embedding, distribution: .full([1, 2], 0.5))
    return term.correct(given, .evaluation).distribution
  }

  /// By hand: e · P = (√2 ln 3, 0), over √D = √2: (ln 3, 0), so the shares are 3 and 1 of 4. With T = ½ they are 9 and 1
  /// of 10.
  @Test("the nearer prototype has the larger share, by paper and pencil")
  func values() throws {
    let prototypes: [Float] = [1.098_612_3 * 1.414_213_6, 0, 0, 5]
    expectClose(proposal(Tensor([1, 2], [1, 0]), try term(prototypes)), [0.75, 0.25])
    expectClose(proposal(Tensor([1, 2], [1, 0]), try term(prototypes, temperature: 0.5)), [0.9, 0.1])
  }

  @Test("gradients agree with central differences")
  func gradients() throws {
    let term = try term([0.3, -0.2, 0.5, 0.4])
    checkGradients(at: Tensor([1, 2], [0.7, -0.4])) { proposal($0, term) }
  }
}
