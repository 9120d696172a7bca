import FERTraining
import FERCore
import FERData
import Foundation
import NeuralKit
import Support

/// What `data check` is asked about: the sets of a recipe, or a folder (or list file) as its authors distribute it.
package struct DataSubject {
  /// As it was named.
  package let path: String
  /// The recipe; nil for a folder.
  package let recipe: Recipe?
  /// The layout found; nil for a recipe.
  package let layout: RecognisedLayout?
  /// Other layouts that fit too, by their names in recipes.
  package let alternatives: [String]
  let sources: [CheckedSet.Source]

  /// The classes, in the order of the recipe or of the layout.
  package var classes: [String] { recipe?.classes ?? layout?.classes ?? [] }

  /// The side of the model's input; that of most recipes where there is none.
  var inputSize: Int { recipe?.input.size ?? InputOptions().size }

  /// The sets of a recipe.
  package init(_ recipe: Recipe) {
    (self.recipe, layout, alternatives, path) = (recipe, nil, [], recipe.path)
    let data = recipe.effective["data"]
    sources = ["train", "validation", "test"].compactMap { split in
      guard var options = data?[split]?.members, let name = options.removeValue(forKey: "use")?.text else {
        return nil
      }
      return CheckedSet.Source(split: split, dataset: name, options: options)
    }
  }

  /// A folder or list file.
  /// - Throws: ``RunProblem`` (the request was wrong) where there is nothing at `path`, ``UnknownLayout`` where it is
  ///   no layout that is known.
  package init(folder path: String, registry: Registry) throws {
    guard FileSystem.exists(path) else {
      throw RunProblem.request("\(path.printable): there is no such file or folder")
    }
    let found = registry.recognise(path)
    guard let layout = found.first else { throw UnknownLayout(path, registry) }
    (recipe, self.layout, self.path) = (nil, layout, path)
    alternatives = found.dropFirst().map(\.dataset)
    sources = layout.parts.map {
      CheckedSet.Source(split: $0.key, dataset: layout.dataset, options: $0.value.members ?? [:])
    }
  }
}
