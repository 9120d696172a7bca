import FERCore
import FERData
import FERTraining
import Foundation
import NeuralKit
import Support

/// Trains a recipe once for each fold of its training set, without the images of that fold, and asks each model of those.
///
///     fold-1, fold-2 ...   a run's folder each; all that a run has
///     folds.csv            the fold of each image
///     predictions.csv      what the model that did not see it says of each image
///     suspects.csv, suspects.html
///
/// Folds are jobs of a sweep: what is done stays, what was interrupted goes on, and several processes may share the folder.
package struct SuspectSearch {
  /// Which image belongs to which fold.
  package let folds: FoldAssignment
  /// The images as training sees them, with their labels in the dataset.
  package let images: RecipeImages
  private let recipe: Recipe
  private let folder: SweepFolder
  private let console: Console
  private let report: ReportWriter
  /// The labels that training sees.
  private let given: [Int]

  /// Deals the training set into folds and settles them in the folder.
  /// - Throws: ``RunProblem`` where the folder holds other folds, or a label policy does not give an image the same label
  ///   whatever other images there are.
  package init(
    _ recipe: Recipe, folds count: Int, in path: String, console: Console, report: @escaping ReportWriter
  ) throws {
    images = try RecipeImages(.train, of: recipe, isTraining: true)
    let samples = images.samples
    folds = try FoldAssignment(samples, count: count, classCount: recipe.classes.count, seed: recipe.seed)
    given = try Self.labels(of: samples, folds, recipe)
    (self.recipe, self.console, self.report) = (recipe, console, report)
    folder = try SweepFolder(path)
    let text = CSV.text(
      [["image", "label", "fold"]]
        + samples.indices.map { [samples[$0].id, recipe.classes[given[$0]], "\(folds.folds[$0] + 1)"] })
    if let old = try FileSystem.contents(file("folds.csv")) {
      guard old == Data(text.utf8) else {
        throw RunProblem.request(
          "\(path.printable): holds folds of another search (other images, --folds, seed or label policies); choose "
            + "another folder with --out")
      }
    } else {
      try AtomicFile.write(text, to: file("folds.csv"))
    }
  }

  /// A file of the search.
  package func file(_ name: String) -> String { folder.path + "/" + name }

  private var jobs: [SweepJob] {
    (0..<folds.count).map {
      SweepJob(name: "fold-\($0 + 1)", setting: [], isOfAxes: false, seed: nil, recipe: recipe)
    }
  }

  /// What the model of a fold is trained on: the images of all other folds.
  package func training(fold: Int) -> Excerpt { Excerpt(of: images, places: folds.places(outside: fold)) }

  /// Trains what is not trained yet.
  package func train() throws -> SweepRunner.End {
    let folds = Dictionary(uniqueKeysWithValues: jobs.enumerated().map { ($1.name, $0) })
    return try SweepRunner(
      jobs, in: folder, keepsGoing: false, console: console, report: report,
      training: { training(fold: folds[$0.name] ?? 0) }
    ).run()
  }

  /// What the model of each fold says of the fold's images, and writes it to `predictions.csv`.
  /// - Parameter count: how long the list of suspects is; nil for as many as confident learning counts.
  /// - Returns: nil where a signal asked to stop.
  package func list(count: Int?) throws -> SuspectList? {
    let plain = try RecipeImages(.train, of: recipe, isTraining: false)
    var found = [EvaluatedSample?](repeating: nil, count: images.samples.count)
    var (termNames, problems) = ([String](), Set<String>())
    do {
      for (fold, job) in jobs.enumerated() {
        let trained = try TrainedModel(recipe, weights: TrainedModel.weights(ofRun: folder.run(job)))
        let places = folds.places(in: fold)
        let evaluation = try Evaluator(trained.model, batchSize: recipe.training.validationBatch).evaluate(
          Excerpt(of: plain, places: places)
        ) { done in
          console.progress("\(job.name), predictions", share: Double(done) / Double(places.count)) {
            "\(done) images"
          }
          if StopSignal.received != nil { throw Stopped() }
        }
        (termNames, problems) = (evaluation.set.termNames, problems.union(evaluation.problems))
        // Images that cannot be read have no row; all others have theirs in order.
        var rows = evaluation.set.samples[...]
        for place in places where rows.first?.id == images.samples[place].id {
          found[place] = rows.popFirst()
          found[place]?.label = given[place]
        }
      }
    } catch is Stopped { return nil }
    console.clearBar()
    if !problems.isEmpty { console.warn(problems.sorted().asLeftOut(atMost: 5)) }
    let known = found.indices.filter { found[$0] != nil }
    let set = EvaluatedSet(classes: recipe.classes, termNames: termNames, samples: found.compactMap { $0 })
    try AtomicFile.write(set.predictionTable, to: file("predictions.csv"))
    return SuspectList(
      set, stored: known.map { images.samples[$0].label }, folds: known.map { folds.folds[$0] }, count: count)
  }

  /// The labels that training sees. One must not depend on what other images there are: it is replaced in the trainings of
  /// some folds, and judged by the model of another.
  private static func labels(of samples: [Sample], _ folds: FoldAssignment, _ recipe: Recipe) throws -> [Int]
  {
    let given = try recipe.relabelled(samples).map(\.label)
    guard given != samples.map(\.label) else { return given }
    for fold in 0..<folds.count {
      let places = folds.places(outside: fold)
      guard try recipe.relabelled(places.map { samples[$0] }).map(\.label) == places.map({ given[$0] }) else {
        throw RunProblem.request(
          "\(recipe.path.printable): a label policy gives images other labels where some of them are left out, so no model "
            + "of a fold is trained on what the others are judged by; remove it with --set labels=null")
      }
    }
    return given
  }
}

/// A signal came while images were looked at.
private struct Stopped: Error {}
