import FERTraining
import FERCore
import FERData
import Foundation
import NeuralKit
import Support

/// How long it takes from the start of a process to its first prediction, with the weights on disk.
///
/// Each run is `PROGRAM predict RUN IMAGE --json` as a process of its own, from before it is started until it has
/// ended. The first is told by itself: it may find the files not yet in memory.
package struct StartBenchmark: Sendable {
  /// The name of the run's recipe.
  package let name: String
  /// Seconds of each timed run.
  package let seconds: [Double]
  /// Seconds of the run before them.
  package let firstSeconds: Double
  /// The largest memory of a run, in megabytes.
  package let peakMemory: Double
  /// The size of the file of weights, in megabytes.
  package let weightsSize: Double

  /// Draws a face and lets `program` say what it shows, over and over.
  /// - Parameter run: a folder with a recipe and weights.
  /// - Throws: ``RunProblem`` where the program cannot be started or fails.
  package static func run(
    _ recipe: Recipe, run: String, program: String, arguments: [String] = [], environment: [String: String],
    repetitions: Int
  ) throws -> StartBenchmark {
    let weights = try TrainedModel.weights(ofRun: run)
    let folder = try TemporaryFolder("start")
    let image = folder.path + "/face.png"
    try ImageFile.writePNG(try face(recipe.classes), path: image)
    let words = ["predict", run, image, "--json"] + arguments
    let children = try (0...repetitions).map { _ in
      let child = try ChildProcess.run(program, words, environment: environment, in: folder.path)
      guard child.code == 0 else {
        throw RunProblem.failure("\(program.printable) predict ended with \(child.code): \(child.remarks)")
      }
      return child
    }
    let size = FileSystem.status(of: weights)?.st_size
    return StartBenchmark(
      name: recipe.name, seconds: children.dropFirst().map(\.seconds), firstSeconds: children[0].seconds,
      peakMemory: children.map(\.peakMemory).max() ?? 0, weightsSize: Double(size ?? 0) / 1e6)
  }

  /// Writes a folder such as training leaves, with weights that nobody has trained.
  package static func writeUntrainedRun(_ recipe: Recipe, to path: String) throws {
    let folder = try RunFolder.create(path)
    try AtomicFile.write(
      withoutWeightFiles(recipe.effective).pretty() + "\n", to: folder.file("recipe.json5"))
    let store = CheckpointStore(folder: folder.checkpoints, recipe: recipe, dataDigest: "")
    try store.saveBest(try recipe.buildModel(loadingWeights: false), OrderedObject())
  }

  /// The recipe with all parts' `weights` taken out: the files may be missing, and everything is in the run's own.
  private static func withoutWeightFiles(_ value: JSONValue, isModel: Bool = false) -> JSONValue {
    guard case .object(var members) = value else { return value }
    for (key, member) in members {
      let isInside = isModel || key == "model"
      members[key] =
        isInside && key == "weights" ? .string("") : withoutWeightFiles(member, isModel: isInside)
    }
    return .object(members)
  }

  private static func face(_ classes: [String]) throws -> Image {
    var options = SyntheticFaces.Options()
    (options.count, options.size) = (classes.count, 224)
    return try SyntheticFaces(options).load(DataRequest(classes: classes)).image(at: 0)
  }

  /// For people.
  package var summary: String {
    let rows = [
      [
        "start to prediction", "\(seconds.median.rounded(places: 3)) s",
        "median of \(seconds.count) processes",
      ],
      ["the first process", "\(firstSeconds.rounded(places: 3)) s", "not in the median"],
      ["peak memory", "\(peakMemory.rounded(places: 0)) MB", ""],
      ["weights on disk", "\(weightsSize.rounded(places: 1)) MB", ""],
    ]
    return "\(name): from the start of a process to its first prediction\n" + TextTable.text(rows, indent: 2)
      + "\n"
  }

  /// The same as one JSON object.
  package var json: String {
    var result = OrderedObject()
    result.addMachine()
    result.add("recipe", name)
    result.add("repetitions", seconds.count)
    result.add("start_seconds", Spread(seconds))
    result.add("first_seconds", firstSeconds)
    result.add("all_seconds", .array(seconds.map { .double($0) }))
    result.add("peak_rss_mb", peakMemory)
    result.add("weights_mb", weightsSize)
    return result.text
  }
}
