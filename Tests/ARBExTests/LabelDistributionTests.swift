import ARBEx
import FERData
import Foundation
import Testing

/// Shares of several annotators, from a table to the losses.
@Suite("Distributions as labels")
final class LabelDistributionTests {
  private let folder = NSTemporaryDirectory() + "arbex-shares-\(UUID().uuidString)"
  private let shares: [[Float]] = [
    [1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5], [0, 1, 0], [0, 0, 1], [0.1, 0.1, 0.8], [0.6, 0.2, 0.2],
    [0.25, 0.5, 0.25],
  ]

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for index in shares.indices {
      let pixels = (0..<16 * 16 * 3).map { Float(($0 * 31 + index * 97) % 211) / 255 }
      try ImageFile.writePNG(Image(width: 16, height: 16, pixels: pixels), path: "\(folder)/\(index).png")
    }
    try text("path,label\n", \.label).write(toFile: "\(folder)/labels.csv", atomically: true, encoding: .utf8)
    try text("path,happy,sad,fear\n", \.hard).write(
      toFile: "\(folder)/hard.csv", atomically: true, encoding: .utf8)
    try text("path,happy,sad,fear\n", \.votes).write(
      toFile: "\(folder)/votes.csv", atomically: true, encoding: .utf8)
    let recipe = """
      {
        name: "shares", classes: ["sad", "fear", "happy"],
        data: { train: { use: "manifest", file: "labels.csv" }, validation: { use: "manifest", file: "votes.csv" } },
        input: { size: 32 }, sampler: { use: "sequential" },
        model: {
          backbone: { use: "resnet18", stem: "small", units: [1, 1, 1, 1], widths: [8, 8, 8, 8] },
          encoder: { use: "wmcsa-vit", size: 16, depth: 1, vitHeads: 2, heads: [1, 2, 2], layerScale: 1 },
          landmarks: { use: "mobilefacenet", width: 0.25, blocks: [0, 0, 0], points: 0 },
          head: { use: "mlp", hidden: [8] }, corrections: { anchor: { perClass: 2 } },
        },
        losses: { nll: {} },
        training: { epochs: 2, batch: 4, optimizer: { use: "adam", learningRate: 1e-2 }, schedule: { use: "constant" } },
      }
      """
    try recipe.write(toFile: "\(folder)/recipe.json5", atomically: true, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private struct Row {
    let label: String
    let hard: String
    let votes: String
  }

  private func text(_ header: String, _ column: (Row) -> String) -> String {
    header
      + shares.enumerated().map { index, row in
        let best = row.firstIndex(of: row.max() ?? 0) ?? 0
        let hard = (0..<3).map { $0 == best ? "3" : "0" }.joined(separator: ",")
        let votes = row.map { "\($0 * 20)" }.joined(separator: ",")
        return
          "\(index).png,\(column(Row(label: ["happy", "sad", "fear"][best], hard: hard, votes: votes)))\n"
      }.joined()
  }

  private func recipe(_ changes: String...) throws -> Recipe {
    try Recipe.load(path: "\(folder)/recipe.json5", overrides: changes, registry: try Registry.builtins())
  }

  /// By the definition of equation 20, from what the model says of each image: −Σ y ln p, mean over the images.
  @Test("the loss aims at the shares, accuracy at the largest of them")
  func loss() throws {
    let recipe = try recipe()
    let source = try RecipeImages(.validation, of: recipe, isTraining: false)
    #expect(source.samples.map(\.label) == [2, 2, 1, 0, 1, 1, 2, 0], "the first of equal shares counts")
    let found = try Evaluator(try recipe.buildModel(), batchSize: 3).evaluate(source)
    // The recipe's classes are sad, fear, happy; the table's columns happy, sad, fear.
    let losses = zip(found.set.samples, shares).map { row, y in
      -zip(row.final, [y[1], y[2], y[0]]).reduce(0.0) { $0 + Double($1.1) * log(Double($1.0)) }
    }
    let expected = losses.reduce(0, +) / Double(losses.count)
    #expect(abs(try #require(found.loss) - expected) < 1e-5)
    #expect(found.set.samples.map(\.label) == source.samples.map(\.label))
  }

  @Test(
    "training on shares that are all on the label is training on labels, to the bit; other shares change it")
  func training() throws {
    func weights(_ table: String) throws -> [[Float]] {
      let recipe = try recipe("data.train.file=\"\(folder)/\(table)\"", "data.validation=null")
      let run = try RunFolder.create("\(folder)/\(table).run")
      let source = try RecipeImages(.train, of: recipe, isTraining: true)
      let trainer = try Trainer(
        recipe, train: source, validation: nil, in: run, console: Console(descriptor: -1),
        report: Report.write)
      #expect(try trainer.run() == .finished)
      return trainer.model.store.all.map(\.value.values)
    }
    let labels = try weights("labels.csv")
    #expect(try weights("hard.csv") == labels)
    #expect(try weights("votes.csv") != labels)
  }
}
