import FERCore
import NeuralKit
import Testing

/// Checks one of a plug-in's namings against a list of the keys that the published class has.
package struct NamingCheck {
  private let naming: WeightNaming

  /// The naming of that word.
  package init(_ word: String, of plugin: any Plugin.Type) throws {
    naming = try #require(try Registry(plugins: [plugin]).namings.first { $0.word == word })
  }

  /// The model's name for a key of the file.
  package func callAsFunction(_ key: String) -> String? { naming.modelName(key) }

  /// The file's key for one of the model's names; nil where there is no way back.
  package func key(of name: String) -> String? { naming.fileName?(name) }

  /// Fails unless every parameter is met once, and what has a name and no parameter begins as `optional` says.
  package func expectCover(
    _ keys: [String], _ store: ParameterStore, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let names = keys.compactMap(naming.modelName)
    let known = Set(store.all.map(\.name))
    #expect(names.count == Set(names).count, sourceLocation: sourceLocation)
    let missing = known.subtracting(names).sorted().prefix(5)
    #expect(missing.isEmpty, "missing", sourceLocation: sourceLocation)
    let over = names.filter { name in
      !known.contains(name) && !naming.optional.contains { name.hasPrefix($0) }
    }
    #expect(over.isEmpty, sourceLocation: sourceLocation)
  }
}

/// The keys of a batch norm in PyTorch's files, without its counter.
package func batchNormKeys(_ key: String) -> [String] {
  ["weight", "bias", "running_mean", "running_var"].map { "\(key).\($0)" }
}
