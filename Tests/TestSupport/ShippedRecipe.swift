import FERCore
import Foundation

/// The recipes that come with the program.
public enum ShippedRecipe {
  /// Their folder.
  public static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Recipes").path

  /// The file of one: "fer2013/scn".
  public static func path(_ name: String) -> String { "\(folder)/\(name).json5" }
}

extension Recipe {
  /// The recipe of that name that comes with the program: "fer2013/scn".
  package static func shipped(_ name: String, _ overrides: [String] = [], registry: Registry) throws -> Recipe
  { try load(path: ShippedRecipe.path(name), overrides: overrides, registry: registry) }
}
