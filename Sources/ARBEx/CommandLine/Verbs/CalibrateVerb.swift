import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import Support

extension Verb {
  static let calibrate = Verb(
    "calibrate", "make probabilities as often right as they say: one temperature for primary, one for final",
    arguments: [Argument("RUN-or-RECIPE", "the folder of a run, or a recipe with --weights")],
    flags: [
      Flag("--weights", value: "FILE", "other weights than the run's best"),
      Flag(
        "--on", value: "SPLIT",
        "what the effect is measured on; test where not given and the recipe has it, else half of validation"),
      Flag("--store", "store both temperatures with the weights; eval and predict then apply them"),
      .json, .set,
    ],
    notes: """
      Both temperatures T are fitted on the validation images: p^(1/T), normalised, of least negative log-likelihood. The
      likeliest class stays what it is, so no answer changes. The effect is measured on other images: the test set, or
      where there is none, one half of the validation images after fitting on the other (persons stay together).
      """
  ) { call in
    let subject = try ModelSubject(call)
    subject.trained.warnings.forEach(call.output.remark)
    let other = try call.split("--on", else: subject.recipe.has(.test) ? .test : .validation)
    let isHalved = other == .validation
    // What is wrong with either set is told before any image is looked at.
    let source = try subject.images(.validation)
    let further = isHalved ? nil : try subject.images(other)
    let console = Console(descriptor: call.has("--json") ? -1 : STDERR_FILENO)
    let evaluator = Evaluator(subject.trained.model, batchSize: subject.recipe.training.validationBatch)
    func predictions(_ split: DataSplit, _ source: RecipeImages) throws -> EvaluatedSet {
      let evaluation = try evaluator.evaluate(source) { done in
        console.progress(split.rawValue, share: Double(done) / Double(max(1, source.samples.count))) {
          "\(done) images"
        }
      }
      console.clearBar()
      if !evaluation.problems.isEmpty { call.output.remark("warning: " + evaluation.problems.asLeftOut()) }
      return evaluation.set
    }
    let validation = try predictions(.validation, source)
    let sets =
      try further.map { [validation, try predictions(other, $0)] }
      ?? validation.halves(seed: subject.recipe.seed)
    let calibration = try Calibration(fitting: sets[0], reporting: sets[1])
    let stored = call.has("--store") ? subject.trained.path : nil
    if stored != nil {
      // Nobody may train in the run meanwhile.
      let run = try subject.run.map(RunFolder.resume)
      try calibration.temperatures.store(in: subject.trained.path)
      withExtendedLifetime(run) {}
    }
    if call.has("--json") {
      var result = OrderedObject()
      result.add("fitted", calibration.fitted)
      result.add("reported", calibration.reported)
      result.add("split", other.rawValue)
      result.add("halved", .bool(isHalved))
      result.add("distributions", calibration.json)
      result.add("warnings", .texts(calibration.warnings))
      result.add("stored", stored.map(JSONValue.string) ?? .null)
      try call.output.print(result.text)
      return 0
    }
    try call.output.print(
      "fitted on \(isHalved ? "half of the" : "the") validation images (\(calibration.fitted)); measured on "
        + (isHalved ? "the other half" : "the \(other.rawValue) images") + " (\(calibration.reported))\n"
        + calibration.text)
    for warning in calibration.warnings { call.output.remark("warning: \(warning)") }
    call.output.remark(
      stored.map { "stored in \($0); eval and predict apply it unless told --uncalibrated" }
        ?? "nothing was stored; --store lets eval and predict apply it")
    return 0
  }
}

extension EvaluatedSet {
  /// Two halves by seed: whoever belongs together lies in one.
  fileprivate func halves(seed: UInt64) throws -> [EvaluatedSet] {
    let known = samples.map { Sample(id: $0.id, label: $0.label ?? 0, group: $0.group) }
    let folds = try FoldAssignment(known, count: 2, classCount: classes.count, seed: seed)
    return (0..<2).map { excerpt(folds.places(in: $0)) }
  }
}
