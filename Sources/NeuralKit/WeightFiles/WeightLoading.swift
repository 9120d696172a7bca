import TensorKit

/// How the names in a weight file become the names of a model.
public struct WeightNaming: Sendable {
  /// What such files are called in messages: "POSTER++ checkpoint".
  public let name: String
  /// The model's name for a key of the file; nil where the model has no use for it.
  public let modelName: @Sendable (String) -> String?

  /// A naming; `modelName` gives nil for keys to leave out.
  public init(_ name: String, modelName: @escaping @Sendable (String) -> String?) {
    self.name = name
    self.modelName = modelName
  }

  /// The file uses the model's own names.
  public static let own = WeightNaming("model file") { $0.withoutWrapper }

  /// The file holds one component under bare names.
  public static func bare(_ component: String) -> WeightNaming {
    WeightNaming("\(component) file") { "\(component).\($0.withoutWrapper)" }
  }
}

/// What became of a weight file.
public struct WeightReport: Sendable, Equatable {
  /// Parameters and buffers that were set, in the model's order.
  public var loaded: [String] = []
  /// Keys of the file that were not used.
  public var unused: [String] = []
}

extension WeightFile {
  /// Sets parameters from this file, all or none of them.
  /// - Parameter naming: how the file's keys become parameter names.
  /// - Parameter isStrict: whether every parameter must be in the file and every key of the file in the model.
  /// - Parameter allowsNonFinite: whether numbers that are not finite are let through.
  /// - Throws: ``FileProblem`` that lists everything that does not fit.
  @discardableResult
  public func load(
    into parameters: [Parameter], naming: WeightNaming = .own, isStrict: Bool = true, allowsNonFinite: Bool = false
  ) throws -> WeightReport {
    let targets = Dictionary(parameters.map { ($0.name, $0) }) { first, _ in first }
    var (keys, unexpected, report) = ([String: String](), [String](), WeightReport())
    for key in names {
      guard let name = naming.modelName(key), !key.hasSuffix(".num_batches_tracked") else {
        report.unused.append(key)
        continue
      }
      guard targets[name] != nil else {
        unexpected.append(key)
        continue
      }
      guard keys.updateValue(key, forKey: name) == nil else {
        throw FileProblem(path, "holds \(name.printable) twice, one of them as \(key.printable)")
      }
    }
    report.unused += unexpected
    let missing = parameters.map(\.name).filter { keys[$0] == nil }
    var problems: [String] = []
    if isStrict, !missing.isEmpty { problems.append("\(missing.count) missing: \(missing.listed())") }
    if isStrict, !unexpected.isEmpty { problems.append("\(unexpected.count) not in the model: \(unexpected.listed())") }
    let mismatched = parameters.compactMap { parameter -> String? in
      guard let key = keys[parameter.name], let shape = shape(of: key), shape != parameter.fileShape else { return nil }
      return "\(key.printable) is \(shape), the model's \(parameter.name) is \(parameter.fileShape)"
    }
    if !mismatched.isEmpty { problems.append("\(mismatched.count) of another shape: \(mismatched.listed())") }
    guard problems.isEmpty else {
      let list = problems.joined(separator: "\n  ")
      throw FileProblem(path, "does not fit the model (read as \(naming.name))\n  " + list)
    }
    report.loaded = try set(parameters, from: keys, allowsNonFinite: allowsNonFinite)
    return report
  }

  /// Sets one component's parameters. The file may hold the component alone under bare names, or a whole model
  /// under the model's names or those of one of `namings`, of which the rest is left aside; whichever fits most
  /// names is taken.
  @discardableResult
  public func load(
    component: String, of store: ParameterStore, namings: [WeightNaming] = [], isStrict: Bool = true,
    allowsNonFinite: Bool = false
  ) throws -> WeightReport {
    let parameters = store.under(component)
    let best = try bestNaming([.own, .bare(component)] + namings, for: parameters, called: component)
    // What the file holds for other parts of a model is none of this component's business.
    let naming = WeightNaming(best.name) { key in
      best.modelName(key).flatMap { $0.hasPrefix(component + ".") ? $0 : nil }
    }
    return try load(into: parameters, naming: naming, isStrict: isStrict, allowsNonFinite: allowsNonFinite)
  }

  /// Of several namings the one by which the file has most of the parameters, the first of equals.
  /// - Throws: ``FileProblem`` where the file has none of them by any.
  public func bestNaming(
    _ namings: [WeightNaming], for parameters: [Parameter], called what: String = "the model"
  ) throws -> WeightNaming {
    let targets = Set(parameters.map(\.name))
    let hits = namings.map { naming in names.count { key in naming.modelName(key).map(targets.contains) ?? false } }
    guard let most = hits.max(), most > 0, let choice = hits.firstIndex(of: most) else {
      throw FileProblem(
        path, "holds nothing of \(what); it holds \(names.listed(atMost: 4)), "
          + "\(what) needs \(parameters.map(\.name).listed(atMost: 4))")
    }
    return namings[choice]
  }

  /// Reads everything before it sets anything.
  private func set(
    _ parameters: [Parameter], from keys: [String: String], allowsNonFinite: Bool
  ) throws -> [String] {
    let wanted = parameters.compactMap { parameter in keys[parameter.name].map { (parameter: parameter, key: $0) } }
    let arrays = try arrays(wanted)
    let nonFinite = zip(wanted, arrays).compactMap { wanted, array in
      array.nonFiniteCount > 0
        ? "\(wanted.key.printable) (\(array.nonFiniteCount) of \(array.value.count))" : nil
    }
    guard nonFinite.isEmpty || allowsNonFinite else {
      throw FileProblem(path, "holds numbers that are not finite in \(nonFinite.count) arrays: \(nonFinite.listed())")
    }
    for (wanted, array) in zip(wanted, arrays) { wanted.parameter.value = array.value }
    return wanted.map(\.parameter.name)
  }
}

extension String {
  /// Without the prefix that PyTorch's data-parallel wrapper puts before every key.
  fileprivate var withoutWrapper: String { hasPrefix("module.") ? String(dropFirst("module.".count)) : self }
}
