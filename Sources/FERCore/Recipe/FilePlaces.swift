import NeuralKit
import Support

extension ComponentChoice {
  /// The places of its own options that name a file or folder.
  var ownFilePlaces: [JSONPath] { places(in: summary.options) }
  /// The places of all options that do.
  var filePlaces: [JSONPath] { ownFilePlaces + places(in: Settings.described()) }

  private func places(in options: [OptionDescription]) -> [JSONPath] {
    options.filter { $0.kind == FilePath.kind }.map { path / $0.key }
  }
}

extension RecipeChoices {
  /// The places of all options that name a file or folder.
  var filePlaces: [JSONPath] {
    sets.values.flatMap(\.filePlaces) + labels.flatMap(\.filePlaces) + (faces?.filePlaces ?? [])
      + model.filePlaces
  }

  /// Those that a component reads, in the order of the recipe. Files of weights are not among them.
  var readPlaces: [JSONPath] {
    DataSplit.allCases.flatMap { sets[$0]?.ownFilePlaces ?? [] } + labels.flatMap(\.ownFilePlaces)
  }
}

extension ModelPlan {
  fileprivate var filePlaces: [JSONPath] {
    let parts =
      (backbone?.filePlaces ?? []) + (landmarks?.filePlaces ?? []) + (encoder?.filePlaces ?? [])
      + (head?.filePlaces ?? []) + corrections.flatMap(\.filePlaces) + losses.flatMap(\.filePlaces)
    return parts + [Self.initialWeightsPlace]
  }

  /// Where a recipe names the file that the whole model starts from.
  static let initialWeightsPlace = JSONPath("model", "initialWeights")
}

extension Recipe {
  /// Files and folders that its datasets and label policies name and that are not there. The trained model of a teacher is
  /// among them.
  package var missingFiles: [RecipeProblem] {
    readPlaces.compactMap { place in
      guard let found = values.first(where: { $0.path == place }), let path = found.value.text, !path.isEmpty,
        !FileSystem.exists(path)
      else { return nil }
      return RecipeProblem(found.origin, RecipeIssue(place, "there is no \(path.printable)"))
    }
  }
}
