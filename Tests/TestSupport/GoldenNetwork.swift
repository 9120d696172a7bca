import NeuralKit
import TensorKit
import Testing

// What files of golden values hold of a whole network, too large to be stored in full: of each array every
// (count / 512)th value as NAME.sample, and NAME.norm. Parameters have their published keys there.
extension Golden {
  /// Fails unless an abridged array agrees.
  /// - Parameter found: in the layout of the golden's program.
  public func expectAbridged(
    _ found: StoredArray, _ name: String, atMost allowed: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = relativeNorm(found.sample, self["\(name).sample"].values)
    let norm = Double(self["\(name).norm"].values[0])
    print("golden \(self.name) \(name): sample \(error), norm \(abs(found.norm - norm) / norm)")
    #expect(error <= allowed, "\(name), sample", sourceLocation: sourceLocation)
    #expect(abs(found.norm - norm) <= allowed * norm, "\(name), norm", sourceLocation: sourceLocation)
  }

  /// Fails unless every gradient that the file tells of agrees.
  /// - Parameter prefix: what their names begin with, before the parameter's key.
  /// - Parameter parameter: the model's for a published key.
  /// - Returns: the keys that were compared.
  @discardableResult
  public func expectGradients(
    _ prefix: String = "grad.", on tape: Tape, of parameter: (String) -> Parameter?,
    atMost allowed: (String) -> Double, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [String] {
    let keys = abridged(prefix)
    for key in keys {
      let parameter = try #require(parameter(key), "\(key)", sourceLocation: sourceLocation)
      let gradient = try #require(
        tape.gradient(for: ObjectIdentifier(parameter)), "\(key)", sourceLocation: sourceLocation)
      expectAbridged(
        StoredArray(of: gradient, layout: parameter.fileLayout), prefix + key, atMost: allowed(key),
        sourceLocation: sourceLocation)
    }
    return keys
  }

  /// Fails unless the norm of all these parameters' gradients together, each of which must have one, agrees.
  public func expectGradientNorm(
    _ name: String = "grad.norm", of parameters: [Parameter], on tape: Tape, atMost allowed: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let squares = parameters.reduce(0.0) { sum, parameter in
      let values = tape.gradient(for: ObjectIdentifier(parameter))?.values ?? [.nan]
      return sum + values.reduce(0) { $0 + Double($1) * Double($1) }
    }
    let (norm, expected) = (squares.squareRoot(), Double(self[name].values[0]))
    print("golden \(self.name) \(name): \(abs(norm - expected) / expected)")
    #expect(
      abs(norm - expected) <= allowed * expected, "norm of all gradients", sourceLocation: sourceLocation)
  }

  /// Fails unless every running statistic that the file tells of, as one training pass left it, agrees.
  /// - Returns: the keys that were compared.
  @discardableResult
  public func expectStatistics(
    _ prefix: String = "after.", of parameter: (String) -> Parameter?, atMost allowed: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [String] {
    let keys = abridged(prefix)
    for key in keys {
      let parameter = try #require(parameter(key), "\(key)", sourceLocation: sourceLocation)
      expectAbridged(
        StoredArray(of: parameter.value, layout: .plain), prefix + key, atMost: allowed,
        sourceLocation: sourceLocation)
    }
    return keys
  }

  /// What stands between that beginning and ".sample".
  private func abridged(_ prefix: String) -> [String] {
    arrays.keys.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".sample") }.sorted()
      .map { String($0.dropFirst(prefix.count).dropLast(".sample".count)) }
  }
}

extension [Parameter] {
  /// By their published keys.
  public func byKey(_ fileName: (String) -> String) -> [String: Parameter] {
    Dictionary(uniqueKeysWithValues: map { (fileName($0.name), $0) })
  }

  /// The arrays of a published file of these parameters, each filled from its key.
  /// - Parameter wrapper: what stands before every key, as PyTorch's data-parallel wrapper leaves it.
  public func published(wrapper: String = "module.", _ fileName: (String) -> String) -> TorchWriter.Arrays {
    map { parameter in
      let key = fileName(parameter.name)
      return (name: wrapper + key, array: filled(key, shape: parameter.fileShape))
    }
  }
}
