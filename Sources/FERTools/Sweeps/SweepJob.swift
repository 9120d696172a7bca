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

  /// The setting as tables call it: "K=10, smoothing=0.1".
  package func label(_ axes: [SweepFile.Axis]) -> String {
    isOfAxes ? SweepFile.label(axes, setting) : setting.joined(separator: ", ")
  }

  /// The folders and files of its recipe that are not there: roots of data, tables of labels.
  package var absentData: [String] {
    let places = recipe.missingFiles.map(\.issue.path).filter { "\($0)".hasPrefix("data.") }
    return recipe.values.filter { places.contains($0.path) }.compactMap(\.value.text)
  }

  /// Letters, digits and a few signs: fit for a folder's name.
  static func word(_ text: String) -> String {
    let word = String(
      text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._=,-+".contains($0)) ? $0 : "-" })
    return word.hasPrefix(".") ? "-" + word.dropFirst() : word
  }
}

extension SweepFile {
  /// "K=10, smoothing=0.1"
  static func label(_ axes: [Axis], _ values: [String]) -> String {
    zip(axes, values).map { "\($0.name)=\($1)" }.joined(separator: ", ")
  }

  /// The settings as tables call them, in the order of ``jobs(overrides:registry:)``.
  static func labels(axes: [Axis], extras: [Value]) -> [String] {
    var combinations: [[String]] = axes.isEmpty ? [] : [[]]
    for axis in axes {
      combinations = combinations.flatMap { names in axis.values.map { names + [$0.name] } }
    }
    return combinations.map { label(axes, $0) } + extras.map(\.name)
  }

  /// One of the recipes of a setting while it is put together.
  private struct Draft {
    var names: [String] = []
    /// Words of its folder.
    var words: [String] = []
    var base: String?
    var patches: [RecipePatch]
    var isOfAxes = true

    /// With a value's changes; several for a value of several parts.
    func with(_ value: Value, word: String) -> [Draft] {
      var next = self
      next.names.append(value.name)
      next.words.append(SweepJob.word(word))
      next.base = value.base ?? base
      next.patches += value.patches
      return value.parts.isEmpty
        ? [next]
        : value.parts.map { part in
          var one = next
          one.words.append(SweepJob.word(part.name))
          one.base = part.base ?? next.base
          one.patches += part.patches
          return one
        }
    }
  }

  private var drafts: [Draft] {
    var drafts = axes.isEmpty && !extras.isEmpty ? [] : [Draft(base: base, patches: patches)]
    for axis in axes {
      drafts = drafts.flatMap { draft in
        axis.values.flatMap { draft.with($0, word: "\(axis.name)=\($0.name)") }
      }
    }
    let alone = Draft(base: base, patches: patches, isOfAxes: false)
    return drafts + extras.flatMap { alone.with($0, word: $0.name) }
  }

  /// All jobs, each with its recipe checked: the combinations of the axes, the last axis fastest, then the jobs by
  /// themselves; each with every seed.
  /// - Parameter overrides: the command line's changes of all recipes.
  /// - Throws: `RecipeProblems` with everything that is wrong with any of them.
  package func jobs(overrides: [String] = [], registry: Registry) throws(RecipeProblems) -> [SweepJob] {
    var jobs: [SweepJob] = []
    var problems: [RecipeProblem] = []
    for draft in drafts {
      let folder = draft.words.isEmpty ? "base" : draft.words.joined(separator: ",")
      for seed in seeds.isEmpty ? [nil] : seeds.map(Optional.init) {
        let name = folder + (seed.map { "/seed-\($0)" } ?? "")
        var all = draft.patches
        if let seed { all.append(RecipePatch(.int(seed), for: "seed", from: .file(path, line: 0))) }
        do {
          let recipe = try Recipe.load(
            path: draft.base ?? path, patches: all, overrides: overrides, registry: registry)
          jobs.append(
            SweepJob(
              name: name, setting: draft.names, isOfAxes: draft.isOfAxes, seed: seed, recipe: recipe))
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
