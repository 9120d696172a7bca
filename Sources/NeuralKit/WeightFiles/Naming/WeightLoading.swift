import TensorKit
import Support

/// What became of a weight file.
package struct WeightReport: Sendable, Equatable {
  /// Parameters and buffers that were set, in the model's order.
  package var loaded: [String] = []
  /// Keys of the file that were not used.
  package var unused: [String] = []
}

extension WeightFile {
  /// Sets parameters from this file, all or none of them.
  /// - Parameter naming: how the file's keys become parameter names.
  /// - Parameter isStrict: whether every parameter must be in the file and every key of the file in the model.
  /// - Parameter allowsNonFinite: whether numbers that are not finite are let through.
  /// - Throws: ``FileProblem`` that lists everything that does not fit.
  @discardableResult
  package func load(
    into parameters: [Parameter], naming: WeightNaming = .own, isStrict: Bool = true,
    allowsNonFinite: Bool = false
  ) throws -> WeightReport {
    let match = try match(parameters, by: naming)
    let (missing, mismatched) = (match.parts.flatMap(\.missing), match.parts.flatMap(\.mismatched))
    var problems: [String] = []
    if isStrict, !missing.isEmpty { problems.append("\(missing.count) missing: \(missing.listed())") }
    if isStrict, !match.unknown.isEmpty {
      problems.append("\(match.unknown.count) not in the model: \(match.unknown.listed())")
    }
    if !mismatched.isEmpty { problems.append("\(mismatched.count) of another shape: \(mismatched.listed())") }
    guard problems.isEmpty else {
      let list = problems.joined(separator: "\n  ")
      throw FileProblem(path, "does not fit the model (read as \(naming.name))\n  " + list)
    }
    return WeightReport(
      loaded: try read(match, into: parameters, allowsNonFinite: allowsNonFinite),
      unused: match.unneeded + match.unknown)
  }

  /// Sets one component's parameters. The file may hold the component alone under bare names, or a whole model
  /// under the model's names or those of one of `namings`, of which the rest is left aside; whichever fits most
  /// names is taken.
  @discardableResult
  package func load(
    component: String, named use: String = "", of store: ParameterStore, namings: [WeightNaming] = [],
    isStrict: Bool = true, allowsNonFinite: Bool = false
  ) throws -> WeightReport {
    let parameters = store.under(component)
    let part = WeightNaming.Part(component, use)
    let candidates = WeightNaming.candidates(namings, for: [part], keys: names)
    let best = try bestNaming(candidates, for: parameters, called: component)
    // What the file holds for other parts of a model is none of this component's business.
    return try load(
      into: parameters, naming: best.limited(to: component), isStrict: isStrict,
      allowsNonFinite: allowsNonFinite)
  }

  /// Of several namings the one by which the file has most of the parameters; of equals the one that leaves fewest
  /// keys over, then the first.
  /// - Throws: ``FileProblem`` where the file has none of them by any.
  package func bestNaming(
    _ namings: [WeightNaming], for parameters: [Parameter], called what: String = "the model"
  ) throws -> WeightNaming {
    let targets = Set(parameters.map(\.name))
    let keys = names
    let hits = namings.map { naming in
      let names = keys.compactMap(naming.modelName)
      let known = names.count(where: targets.contains)
      return (known: known, unknown: names.count - known)
    }
    let best = hits.indices.max {
      (hits[$0].known, hits[$1].unknown, $1) < (hits[$1].known, hits[$0].unknown, $0)
    }
    guard let choice = best, hits[choice].known > 0 else {
      throw FileProblem(
        path,
        "holds nothing of \(what); it holds \(keys.listed(atMost: 4)), "
          + "\(what) needs \(parameters.map(\.name).listed(atMost: 4))")
    }
    return namings[choice]
  }
}
