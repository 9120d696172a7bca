import TensorKit
import Support

/// Which array of a weight file belongs to which parameter of a model: worked out before anything is read.
package struct WeightMatch: Sendable {
  /// What became of one part of the model.
  package struct Part: Sendable, Equatable {
    /// The path of its parameters: "backbone".
    package let path: String
    /// How many parameters and buffers it has.
    package var count = 0
    /// How many of them the file gives.
    package var used = 0
    /// Those among them that the file has with axes of length 1 more or fewer.
    package var reshaped: [String] = []
    /// Parameters that the file does not have.
    package var missing: [String] = []
    /// Parameters that the file has in another shape: the sentence for each.
    package var mismatched: [String] = []

    /// Whether the file has anything of it.
    package var isThere: Bool { used + mismatched.count > 0 }
    /// The share of its arrays that the file gives, 0...1.
    package var coverage: Double { count == 0 ? 1 : Double(used) / Double(count) }
  }

  /// How the file names them.
  package let naming: WeightNaming
  /// The parts, in the model's order.
  package private(set) var parts: [Part] = []
  /// Keys that nobody needs: counters, and layers that published files drag along.
  package private(set) var unneeded: [String] = []
  /// Keys for which the model has no parameter, with what they would be called there.
  package private(set) var unknown: [String] = []
  /// The key for each parameter's name.
  private(set) var keys: [String: String] = [:]

  /// - Throws: ``FileProblem`` where two keys belong to one parameter.
  init(_ file: WeightFile, _ parameters: [Parameter], _ naming: WeightNaming) throws {
    self.naming = naming
    let targets = Dictionary(parameters.map { ($0.name, $0) }) { first, _ in first }
    for key in file.names {
      guard let name = naming.modelName(key), !key.hasSuffix(".num_batches_tracked") else {
        unneeded.append(key)
        continue
      }
      guard targets[name] != nil else {
        if naming.isOptional(name) { unneeded.append(key) } else { unknown.append(key) }
        continue
      }
      guard keys.updateValue(key, forKey: name) == nil else {
        throw FileProblem(file.path, "holds \(name.printable) twice, one of them as \(key.printable)")
      }
    }
    for parameter in parameters {
      let path = parameter.partPath
      if parts.last?.path != path { parts.append(Part(path: path)) }
      note(parameter, file, part: parts.count - 1)
    }
  }

  private mutating func note(_ parameter: Parameter, _ file: WeightFile, part: Int) {
    parts[part].count += 1
    guard let key = keys[parameter.name], let shape = file.shape(of: key) else {
      parts[part].missing.append(parameter.name)
      return
    }
    let wanted = parameter.fileShape
    guard shape.filter({ $0 != 1 }) == wanted.filter({ $0 != 1 }) else {
      parts[part].mismatched.append(
        "\(key.printable) is \(shape), the model's \(parameter.name) is \(wanted)")
      keys[parameter.name] = nil
      return
    }
    parts[part].used += 1
    if shape != wanted { parts[part].reshaped.append(parameter.name) }
  }
}

extension Parameter {
  /// The part of a model that it belongs to: "backbone", "corrections.anchor".
  package var partPath: String {
    let steps = name.split(separator: ".", maxSplits: 2)
    let count = ["corrections", "losses"].contains(steps.first ?? "") ? 2 : 1
    return steps.prefix(count).joined(separator: ".")
  }
}

extension WeightFile {
  /// Finds the parameters' arrays by a naming.
  /// - Throws: ``FileProblem`` where two keys belong to one parameter.
  package func match(_ parameters: [Parameter], by naming: WeightNaming) throws -> WeightMatch {
    try WeightMatch(self, parameters, naming)
  }

  /// Sets the parameters for which the match has an array. Everything is read before anything is set.
  /// - Returns: the names that were set.
  /// - Throws: ``FileProblem`` where a number is not finite.
  @discardableResult
  package func read(
    _ match: WeightMatch, into parameters: [Parameter], allowsNonFinite: Bool = false
  ) throws -> [String] {
    let wanted = parameters.compactMap { parameter in
      match.keys[parameter.name].map { (parameter: parameter, key: $0) }
    }
    let arrays = try arrays(wanted)
    let nonFinite = zip(wanted, arrays).compactMap { wanted, array in
      array.nonFiniteCount > 0
        ? "\(wanted.key.printable) (\(array.nonFiniteCount) of \(array.value.count))" : nil
    }
    guard nonFinite.isEmpty || allowsNonFinite else {
      throw FileProblem(
        path, "holds numbers that are not finite in \(nonFinite.count) arrays: \(nonFinite.listed())")
    }
    for (wanted, array) in zip(wanted, arrays) { wanted.parameter.value = array.value }
    return wanted.map(\.parameter.name)
  }
}
