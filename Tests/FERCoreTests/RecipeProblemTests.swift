import FERCore
import Foundation
import Testing

/// A change to the whole recipe, made in a file that extends it, and the report it brings.
struct Mistake: CustomTestStringConvertible {
  let change: String
  let report: String
  var testDescription: String { change }

  init(_ change: String, _ report: String) {
    self.change = change
    self.report = report
  }
}

@Suite("Recipe problems")
struct RecipeProblemTests {
  static let mistakes = [
    Mistake(
      "modell: {}",
      """
      a.json5:1: modell: a recipe has no such key; did you mean "model"?
        keys: classes, data, input, labels, losses, model, name, sampler, seed, training
      """),
    Mistake(
      "training: { epoch: 3 }",
      """
      a.json5:1: training.epoch: "training" has no such key; did you mean "epochs"?
        keys: accumulate, batch, best, checkpointMinutes, checkpointSteps, ema, epochs, gradientClip, logSteps, \
      optimizer, patience, schedule, shards, validateEvery, validationBatch, workers
      """),
    Mistake(
      "model: { corrections: { ancor: {} } }",
      """
      a.json5:1: model.corrections.ancor: no correction term is named "ancor"; did you mean "anchor"?
        known: anchor, attentive
      """),
    Mistake(
      "model: { corrections: { attentive: { headCuont: 4 } } }",
      """
      a.json5:1: model.corrections.attentive.headCuont: "attentive" has no such option; did you mean "headCount"?
        options: dropout, headCount; also frozen, learningRateScale, use, weights
      """),
    Mistake(
      "model: { corrections: { anchor: { delta: 0.0 } } }",
      "a.json5:1: model.corrections.anchor.delta: must be above 0, is 0"),
    Mistake(
      "model: { backbone: { use: 'tinny' } }",
      """
      a.json5:1: model.backbone.use: no backbone is named "tinny"; did you mean "tiny"?
        known: tiny
      """),
    Mistake("model: { backbone: { use: 3 } }", "a.json5:1: model.backbone.use: must be text, is 3"),
    Mistake(
      "model: { backbone: 'tiny' }",
      "a.json5:1: model.backbone: must be an object such as { use: \"tiny\" }, is the text \"tiny\""),
    Mistake(
      "model: { head: null }",
      """
      base.json5:6: model.head: is missing; name one, as in { use: "line" }
        known: line
      """),
    Mistake(
      "model: { head: { use: null } }",
      """
      base.json5:8: model.head.use: is missing; name one, as in { use: "line" }
        known: line
      """),
    Mistake(
      "losses: null",
      """
      a.json5: losses: is missing; a model needs at least one loss, as in losses: { "NAME": {} }
        known: anchor, nll
      """),
    Mistake("losses: { nll: 1 }", "a.json5:1: losses.nll: must be an object of options, such as {}, is 1"),
    Mistake("losses: { nll: { weight: -1 } }", "a.json5:1: losses.nll.weight: must be at least 0, is -1"),
    Mistake(
      "model: { head: { weight: 1 } }",
      """
      a.json5:1: model.head.weight: "line" has no such option; did you mean "weights"?
        options: none; also frozen, learningRateScale, use, weights
      """),
    Mistake(
      "model: { corrections: { anchor: null } }",
      """
      base.json5:11: losses.anchor: the loss "anchor" needs anchors, which nothing before it in this recipe \
      provides; use the correction term "anchor", or remove this loss with null
      """),
    Mistake(
      "model: { corrections: { atentive: null } }",
      """
      a.json5:1: model.corrections.atentive: null removes nothing: there is no "atentive"; did you mean "attentive"?
        present: anchor, attentive
      """),
    Mistake(
      "model: { encoder: { windows: [3] } }",
      "a.json5:1: model.encoder.windows: must divide its map: 3 does not divide 4"),
    Mistake(
      "input: { size: 10 }",
      "base.json5:7: model.backbone.side: must divide the input size: 4 does not divide 10"),
    Mistake(
      "input: { size: 8, resize: 4 }",
      "a.json5:1: input.resize: must be 0 or at least the input size, 8, is 4"),
    Mistake(
      "input: { normalize: 'imagnet' }",
      "a.json5:1: input.normalize: must be one of imagenet, half, none, is \"imagnet\""),
    Mistake(
      "input: { normalize: { mean: [0, 0, 0], deviation: [1, 1, 1], std: 3 } }",
      "a.json5:1: input.normalize: has no key \"std\"; its keys are mean and deviation"),
    Mistake(
      "input: { views: { use: 'whole', count: 300 } }",
      "a.json5:1: input.views: makes 300 views of an image; there must be 1 to 256"),
    Mistake(
      "input: { views: { use: 'whole', count: 2, whole: 2 } }",
      "a.json5:1: input.views: says that view 2 shows the whole face, and there are only 0...1"),
    Mistake(
      "training: { accumulate: 3 }",
      "a.json5:1: training.accumulate: must divide training.shards, 4, so that pieces are whole shards, is 3"),
    Mistake(
      "input: { augment: { use: 'rotate' } }",
      "a.json5:1: input.augment: must be a list of objects such as { use: \"rotate\" }, is an object"),
    Mistake(
      "input: { augment: [{ use: 'rotate', degrees: 200 }, { use: 'flop' }] }",
      """
      a.json5:1: input.augment[0].degrees: must be at least 0 and at most 180, is 200
      a.json5:1: input.augment[1].use: no augmentation is named "flop"
        known: rotate
      """),
    Mistake(
      "data: { tran: { use: 'drawn' } }",
      """
      a.json5:1: data.tran: "data" has no such key; did you mean "train"?
        keys: faces, pixelLimit, test, train, validation
      """),
    Mistake(
      "data: { train: null }",
      """
      base.json5:3: data.train: is missing; name one, as in { use: "drawn" }
        known: drawn
      """),
    Mistake("classes: ['calm']", "a.json5:1: classes: must name at least 2 classes, names 1"),
    Mistake(
      "classes: ['calm', 'glad', 'calm']",
      "a.json5:1: classes: must be different, \"calm\" comes more than once"),
    Mistake("classes: ['calm', ' ']", "a.json5:1: classes: must be names, class 1 is empty"),
    Mistake("classes: ['calm', 7]", "a.json5:1: classes[1]: must be text, is 7"),
    Mistake(
      "name: '../up'",
      "a.json5:1: name: names a folder, so it must be made of letters, digits, \"-\", \"_\" "
        + "and \".\"; is \"../up\""),
    Mistake("seed: -1", "a.json5:1: seed: must be at least 0, is -1"),
    Mistake(
      "training: 3",
      "a.json5:1: training: must be an object, is 3\n" + """
        a.json5:1: training.optimizer: is missing; name one, as in { use: "adam" }
          known: adam
        a.json5:1: training.schedule: is missing; name one, as in { use: "constant" }
          known: constant
        """),
    Mistake(
      "training: { best: 'final acuracy' }",
      """
      a.json5:1: training.best: must be one of final accuracy, final macro F1, primary accuracy, primary macro F1, \
      loss, is "final acuracy"; did you mean "final accuracy"?
      """),
    Mistake(
      "losses: { nll: null }, training: { best: 'loss' }",
      "a.json5:1: training.best: needs a loss of single samples to go by, and this recipe has none; choose another "
        + "number"),
    Mistake(
      "training: { optimizer: { learningRate: 'fast' } }",
      "a.json5:1: training.optimizer.learningRate: must be a number, is the text \"fast\""),
  ]

  @Test("each mistake is told where, what, the nearest fix, what exists", arguments: mistakes)
  func mistake(_ mistake: Mistake) throws {
    let workshop = try Workshop()
    try workshop.write("base.json5", wholeRecipe)
    try workshop.write("a.json5", "{ extends: 'base.json5', \(mistake.change) }")
    let count = mistake.report.split(separator: "\n").filter { !$0.hasPrefix("  ") }.count
    let total = count == 1 ? "1 problem" : "\(count) problems"
    let report = try workshop.report()
    #expect(report == mistake.report + "\n\(total), nothing was built", "\(report)")
  }

  @Test("several mistakes, in files and on the command line, are told at once")
  func several() throws {
    let workshop = try Workshop()
    try workshop.write("base.json5", wholeRecipe)
    try workshop.write(
      "a.json5",
      """
      {
        extends: "base.json5",
        model: { corrections: { ancor: {}, anchor: { delta: 0 } } },
      }
      """)
    #expect(
      try workshop.report("a.json5", "training.epochs=many", "losses.nll.smoothin=0.1") == """
        a.json5:3: model.corrections.anchor.delta: must be above 0, is 0
        a.json5:3: model.corrections.ancor: no correction term is named "ancor"; did you mean "anchor"?
          known: anchor, attentive
        command line: losses.nll.smoothin: "nll" has no such option; did you mean "smoothing"?
          options: smoothing; also use, weight
        command line: training.epochs: must be a whole number, is the text "many"
        4 problems, nothing was built
        """)
  }

  @Test("a missing weights file is never a random model in silence")
  func missingWeights() throws {
    let workshop = try Workshop()
    try workshop.write("base.json5", wholeRecipe)
    try workshop.write(
      "sub/a.json5", "{ extends: '../base.json5', model: { backbone: { weights: 'ir50.pth' } } }")
    #expect(
      try workshop.report("sub/a.json5") == """
        sub/a.json5:1: model.backbone.weights: there is no file sub/ir50.pth; remove the key to start from random \
        numbers
        1 problem, nothing was built
        """)
  }

  @Test("files that are no recipes")
  func files() throws {
    let workshop = try Workshop()
    try workshop.write("arbex.json5", wholeRecipe)
    try workshop.write("list.json5", "[]")
    try workshop.write("comma.json5", "{\n  name: 'x' seed: 1 }")
    try Data([0x7B, 0xFF, 0x7D]).write(to: URL(fileURLWithPath: workshop.folder + "/bytes.json5"))
    try workshop.write("big.json5", "{}" + String(repeating: " ", count: 1_000_000))
    let end = "\n1 problem, nothing was built"
    #expect(
      try workshop.report("arbx.json5") == "arbx.json5: does not exist; did you mean \"arbex.json5\"?" + end)
    #expect(try workshop.report("").hasSuffix("is not a file" + end))
    #expect(
      try workshop.report("list.json5") == "list.json5:1: a recipe is an object { ... }, this is a list" + end
    )
    #expect(
      try workshop.report("comma.json5") == "comma.json5:2: column 13: expected \",\" or \"}\", found \"s\""
        + end)
    #expect(try workshop.report("bytes.json5") == "bytes.json5: is not UTF-8 text" + end)
    #expect(
      try workshop.report("big.json5") == "big.json5: has 1000002 bytes; a recipe has at most 1000000" + end)
  }
}
