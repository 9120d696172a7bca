import FERCore
import Support

/// One training of a sweep.
package struct SweepJob {
  /// Its folder below the sweep's: "K=10,smoothing=0.1/seed-2".
  package let name: String
  /// Its values, one for each axis; of a job by itself its name alone.
  package let setting: [String]
  /// Whether it is a combination of the axes, not a job by itself.
  package let isOfAxes: Bool
  /// Nil where the sweep names none.
  package let seed: Int?
  /// What is trained.
  package let recipe: Recipe

  /// The setting, for people: "K=10, smoothing=0.1".
  package func label(_ axes: [SweepFile.Axis]) -> String {
    guard isOfAxes, !axes.isEmpty else { return setting.joined(separator: ", ") }
    return zip(axes, setting).map { "\($0.name)=\($1)" }.joined(separator: ", ")
  }

  /// Letters, digits and a few signs: fit for a folder's name.
  static func word(_ text: String) -> String {
    let word = String(
      text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._=,-+".contains($0)) ? $0 : "-" })
    return word.hasPrefix(".") ? "-" + word.dropFirst() : word
  }
}

extension SweepFile {
  /// All jobs, each with its recipe checked: the combinations of the axes, the last axis fastest, then the jobs by
  /// themselves; each with every seed.
  /// - Parameter overrides: the command line's changes of all recipes.
  /// - Throws: `RecipeProblems` with everything that is wrong with any of them.
  package func jobs(overrides: [String] = [], registry: Registry) throws(RecipeProblems) -> [SweepJob] {
    var settings: [(names: [String], base: String?, patches: [RecipePatch], isOfAxes: Bool)] = []
    if !axes.isEmpty || extras.isEmpty { settings.append(([], base, patches, true)) }
    for axis in axes {
      settings = settings.flatMap { setting in
        axis.values.map {
          (setting.names + [$0.name], $0.base ?? setting.base, setting.patches + $0.patches, true)
        }
      }
    }
    settings += extras.map { ([$0.name], $0.base ?? base, patches + $0.patches, false) }

    var jobs: [SweepJob] = []
    var problems: [RecipeProblem] = []
    for setting in settings {
      let words =
        setting.isOfAxes
        ? zip(axes, setting.names).map { SweepJob.word("\($0.name)=\($1)") }
        : setting.names.map(SweepJob.word)
      let folder = words.isEmpty ? "base" : words.joined(separator: ",")
      for seed in seeds.isEmpty ? [nil] : seeds.map(Optional.init) {
        let name = folder + (seed.map { "/seed-\($0)" } ?? "")
        var all = setting.patches
        if let seed { all.append(RecipePatch(.int(seed), for: "seed", from: .file(path, line: 0))) }
        do {
          let recipe = try Recipe.load(
            path: setting.base ?? path, patches: all, overrides: overrides, registry: registry)
          jobs.append(
            SweepJob(
              name: name, setting: setting.names, isOfAxes: setting.isOfAxes, seed: seed, recipe: recipe))
        } catch {
          for problem in error.problems where !problems.contains(problem) { problems.append(problem) }
        }
      }
    }
    var taken: Set<String> = []
    for job in jobs where !taken.insert(job.name.lowercased()).inserted {
      problems.append(
        RecipeProblem(
          .file(path, line: 0),
          RecipeIssue(JSONPath(), "two jobs would have the folder \(job.name); give their values other names")
        ))
    }
    guard problems.isEmpty else { throw RecipeProblems(problems) }
    return jobs
  }
}
