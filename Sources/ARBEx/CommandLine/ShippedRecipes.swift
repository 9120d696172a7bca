import FERData
import Foundation
import Support

/// The recipes that come with the program, which can be named without a path: `arbex train quickstart`.
package struct ShippedRecipes {
  /// Where recipes are looked for, in this order; only folders that are there.
  package let folders: [String]

  /// The variable that names a folder of recipes, before all others.
  package static let variable = "ARBEX_RECIPES"

  /// Those of an installed program (`share/arbex/recipes` beside its `bin`) and of the source tree that it was built in.
  package init(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    program: String = Program.path
  ) {
    var places = [environment[Self.variable]].compactMap { $0 }.filter { !$0.isEmpty }
    let folder = PathText.folder(of: program)
    places.append(PathText.joined(folder, "../share/arbex/recipes"))
    // .build/TRIPLE/release/arbex
    places += ["../../../Recipes", "../../Recipes"].map { PathText.joined(folder, $0) }
    var seen: Set<String> = []
    folders = places.map(PathText.absolute).filter { place in
      FileSystem.isFolder(place) && seen.insert(place).inserted
    }
  }

  /// The path that somebody means by a word: the word itself where there is such a file or where it looks like a path, else
  /// the recipe of that name.
  package func path(for word: String) -> String {
    guard !FileSystem.exists(word), Self.isName(word) else { return word }
    let name = word.hasSuffix(Self.ending) ? word : word + Self.ending
    return folders.map { $0 + "/" + name }.first(where: FileSystem.exists) ?? word
  }

  /// The recipe that somebody meant by a word for which ``path(for:)`` finds none, as in `; did you mean "quickstart"?`;
  /// "" where it is near no name. A name in a folder is near names in folders alone: "runs/scn" is no mistyped "scn".
  package func suggestion(for word: String) -> String {
    guard Self.isName(word) else { return "" }
    let depth = PathText.parts(word).count
    return NearestName.suggestion(
      for: word.hasSuffix(Self.ending) ? String(word.dropLast(Self.ending.count)) : word,
      among: names.filter { PathText.parts($0).count == depth })
  }

  /// Whether a word may be a recipe's name, rather than a path.
  private static func isName(_ word: String) -> Bool { !word.hasPrefix("/") && !word.hasPrefix(".") }

  private static let ending = ".json5"

  /// The names of all, without their ending, in the order of their bytes: "ablations/no-anchor".
  package var names: [String] {
    Set(folders.flatMap(Self.recipes)).map { String($0.dropLast(Self.ending.count)) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The recipes in a folder and in those below, as paths from it. Links to folders are not followed.
  private static func recipes(in folder: String) -> [String] {
    ((try? FolderNames.all(in: folder)) ?? []).flatMap { name in
      let path = folder + "/" + name
      return FolderListing.isFolder(path, followingLinks: false)
        ? recipes(in: path).map { name + "/" + $0 } : name.hasSuffix(ending) ? [name] : []
    }
  }

  /// What a recipe is, in the first sentence of the comment at its head; "" where it has none.
  package func purpose(of name: String) -> String {
    let lines = ((try? FileSystem.text(of: path(for: name))) ?? "").split(separator: "\n").prefix {
      $0.hasPrefix("//")
    }
    let text = lines.map { $0.dropFirst(2).trimmingPrefix(" ") }.joined(separator: " ")
    return text.firstRange(of: /[.:;] |[.:;]$/).map { String(text[..<$0.lowerBound]) } ?? text
  }
}
