import FERCore
import NeuralKit
import TensorKit
import Testing

@Suite("Evidence")
struct EvidenceTests {
  private let workshop: Workshop

  init() throws {
    workshop = try Workshop()
    try workshop.write("a.json5", toldRecipe)
  }

  /// The report without file, line and count.
  private func report(model: String = "{}", losses: String = "{}") throws -> String {
    try workshop.write("b.json5", "{ extends: 'a.json5', model: \(model), losses: \(losses) }")
    return try workshop.report("b.json5", and: [ToldPlugin.self])
      .replacing(#/^[ab]\.json5:\d+: /#, with: "").replacing("\n1 problem, nothing was built", with: "")
  }

  @Test(
    "a stage may require what stages before it provide, a loss what any provides",
    arguments: [
      ("{ backbone: { gives: 'a sample' }, encoder: { needs: 'a sample' } }", "{}"),
      ("{ backbone: { gives: 'a map' }, head: { needs: 'a map' } }", "{}"),
      ("{ head: { gives: 'a rows' }, corrections: { told: { needs: 'a rows' } } }", "{}"),
      ("{ corrections: { told: { gives: 'a shared' } } }", "{ told: { needs: 'a shared' } }"),
      ("{ encoder: { gives: 'a views' } }", "{ told: { needs: 'a views' } }"),
    ])
  func anyStage(model: String, losses: String) throws {
    #expect(try report(model: model, losses: losses) == "")
  }

  @Test("what nobody before provides is missing")
  func missing() throws {
    #expect(
      try report(model: "{ encoder: { needs: 'a sample' }, head: { gives: 'a sample' } }") == """
        model.encoder: the encoder "told" needs a, which nothing before it in this recipe provides; no \
        component that is known provides it
        """)
    // The terms of one stage do not see one another.
    #expect(
      try report(
        model: "{ corrections: { told: { gives: 'a sample' }, more: { use: 'told', needs: 'a sample' } } }"
      )
      .hasPrefix("model.corrections.more: the correction term \"more\" needs a, which nothing"))
    #expect(
      try report(losses: "{ anchor: {} }") == """
        losses.anchor: the loss "anchor" needs anchors, which nothing before it in this recipe provides; use \
        the correction term "anchor", or remove this loss with null
        """)
  }

  @Test("what two provide names both, whatever the layout")
  func twice() throws {
    #expect(
      try report(model: "{ backbone: { gives: 'a sample' }, head: { gives: 'a map' } }") == """
        model.head: the head "told" and the backbone "told" both provide "a"; only one of them may
        """)
    #expect(
      try report(model: "{ corrections: { x: { use: 'anchor' }, y: { use: 'anchor' } } }") == """
        model.corrections.y: the correction term "y" and the correction term "x" both provide "anchors"; \
        only one of them may
        """)
  }

  @Test("what is provided in another layout is told with both")
  func layout() throws {
    #expect(
      try report(model: "{ head: { gives: 'a map' } }", losses: "{ told: { needs: 'a sample' } }") == """
        losses.told: the loss "told" needs a as sample, and it is provided as map
        """)
  }

  @Test("an outcome holds the evidence of all stages, and a reduction keeps it")
  func outcome() throws {
    let model = try workshop.load(
      "a.json5", "model.backbone.gives='a map'", "model.encoder.gives='b sample'",
      "model.head.gives='c sample'",
      "model.corrections={told: {gives: 'd rows'}}", "model.reduction=3", and: [ToldPlugin.self]
    ).buildModel()
    let found = try model(.ones([2, 8, 8, 3]), .evaluation, isThorough: true).evidence
    #expect(found.byName.map(\.key.name) == ["a", "b", "c", "d"])
    #expect(found.byName.map(\.value.shape) == [[2, 2, 2], [2, 1], [2, 1], [2, 1]])
  }
}

@Suite("What parts deliver is compared with what they declared")
struct OutputCheckTests {
  /// What a pass over two images says is wrong.
  private func fault(_ overrides: String..., isThorough: Bool = true) throws -> String {
    let workshop = try Workshop()
    let model = overrides[0]
    try workshop.write("a.json5", toldRecipe)
    let recipe = try workshop.load("a.json5", model, and: [ToldPlugin.self])
    let (built, pass) = (try recipe.buildModel(), ForwardPass.evaluation)
    do {
      let outcome = try built(.ones([2, 8, 8, 3]), pass, isThorough: isThorough)
      _ = try built.objective(outcome, against: Targets(labels: [0, 1]), pass, isThorough: isThorough)
      return ""
    } catch let fault as ComponentFault {
      return fault.description
    }
  }

  @Test("a distribution of other classes, by the key of its correction")
  func narrow() throws {
    #expect(
      try fault("model.corrections={ slim: { use: 'odd' } }", isThorough: false)
        == "correction term \"slim\": its distribution has shape [2, 2], expected [2, 3]")
  }

  /// All three classes are alike: a third each, thrice too much is 1 each.
  @Test("rows that sum to 3, where values are looked at")
  func thrice() throws {
    let change = "model.corrections={ odd: { fault: 'thrice' } }"
    let fault = try fault(change)
    #expect(fault.hasPrefix("correction term \"odd\": row 0 of its distribution is [1"))
    #expect(fault.hasSuffix("which sums to 3.0; rows must hold shares of at least 0 that sum to 1"))
    #expect(try self.fault(change, isThorough: false) == "")
  }

  @Test("a share below 0, and numbers that are none: the term is named, not what comes before it")
  func negativeAndNone() throws {
    let negative = try fault("model.corrections={ odd: { fault: 'negative' } }")
    #expect(negative.hasPrefix("correction term \"odd\": row 0 of its distribution is [1.3"), "\(negative)")
    #expect(
      try fault("model.corrections={ odd: { fault: 'nan' } }")
        == "correction term \"odd\": delivers 6 of 6 numbers that are not finite")
  }

  @Test(
    "a loss of another shape than its scope's, that is not finite, or whose weights of rows are none",
    arguments: [
      ("mean", "its value has shape [1], expected [2] for a loss of scope samples"),
      ("infinite", "delivers 2 of 2 numbers that are not finite"),
      (
        "few weights",
        "it weighs 2 rows by 1 numbers, 1.0; there must be one for each, finite and at least 0"
      ),
      (
        "negative weight",
        "it weighs 2 rows by 2 numbers, 1.0, -1.0; there must be one for each, finite and at least 0"
      ),
    ])
  func loss(fault: String, expected: String) throws {
    #expect(
      try self.fault("losses={ mine: { use: 'odd', fault: '\(fault)' } }") == "loss \"mine\": " + expected)
  }

  @Test(
    "evidence that is not declared, not delivered, or lies otherwise, at any stage",
    arguments: [
      (
        "model.head.delivers='extra sample'",
        "head \"told\": delivers the evidence \"extra\", which it does not declare"
      ),
      (
        "model.encoder={ use: 'told', gives: 'a sample', delivers: 'b sample' }",
        "encoder \"told\": declares the evidence \"a\" and does not deliver it"
      ),
      (
        "model.backbone={ use: 'told', gives: 'a map', shape: [4] }",
        "backbone \"told\": the evidence \"a\" has shape [2, 4], expected [2, h, w]"
      ),
      (
        "model.corrections={ told: { gives: 'a sample', shape: [2] } }",
        "correction term \"told\": the evidence \"a\" has shape [2, 2], expected [2, 1]"
      ),
    ])
  func evidence(change: String, expected: String) throws {
    #expect(try fault(change, isThorough: false) == expected)
  }
}
