import ARBEx
import FERTraining
import Foundation
import TestSupport
import Testing

/// Numbers belong to the names of classes, never to their places.
@Suite("Classes by name")
struct ClassNameTests {
  private static let recipe = ShippedRecipe.path("quickstart")
  /// Folder names of two people for the recipe's classes; in the order of the alphabet they come differently.
  private static let people = [
    "1": ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger"],
    "2": ["neutral", "joy", "sadness", "surprised", "afraid", "disgusted", "angry"],
  ]
  private let gallery: Gallery

  /// The same pictures for both: one more of each class than of the one before, so that no two classes' numbers agree.
  init() throws {
    gallery = try Gallery()
    let recipe = try Recipe.load(path: Self.recipe, registry: try .builtins())
    try StartBenchmark.writeUntrainedRun(recipe, to: gallery.path + "/run")
    for (person, names) in Self.people {
      for (label, name) in names.enumerated() {
        for index in 0...label {
          try gallery.picture("\(person)/\(name)/\(index).png", seed: label * 10 + index)
        }
      }
    }
  }

  private func numbers(of person: String, _ more: [String] = []) throws -> [String: NSDictionary] {
    let data = "data.validation={ use: \"class-folders\", root: \"\(gallery.path)/\(person)\" }"
    let answer = Answer(["eval", gallery.path + "/run", "--json", "--set", data] + more)
    #expect(answer.code == 0)
    let json = try answer.json()
    #expect(json["images"] as? Int == 28)
    return json.compactMapValues { $0 as? NSDictionary }
  }

  @Test("folders in another order, under other names, and a recipe in another order: the same numbers")
  func permuted() throws {
    let order = "classes=[\"anger\", \"fear\", \"disgust\", \"surprise\", \"sad\", \"happy\", \"neutral\"]"
    let expected = try numbers(of: "1")
    #expect(expected.keys.sorted() == ["corrected", "primary"])
    let classes = try #require(expected["primary"]?["perClass"] as? [[String: Any]])
    #expect(classes.compactMap { $0["class"] as? String } == Self.people["1"])
    #expect(classes.map { $0["support"] as? Int } == [1, 2, 3, 4, 5, 6, 7])
    #expect(try numbers(of: "2") == expected)
    #expect(try numbers(of: "2", ["--set", order]) == expected)
  }
}
