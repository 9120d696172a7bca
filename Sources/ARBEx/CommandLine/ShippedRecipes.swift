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
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
      return isThere && isFolder.boolValue && seen.insert(place).inserted
    }
  }

  /// The path that somebody means by a word: the word itself where there is such a file or where it looks like a path, else
  /// the recipe of that name.
  package func path(for word: String) -> String {
    guard !FileManager.default.fileExists(atPath: word), !word.hasPrefix("/"), !word.hasPrefix(".") else {
      return word
    }
    let name = word.hasSuffix(".json5") ? word : word + ".json5"
    return folders.map { $0 + "/" + name }.first(where: FileManager.default.fileExists) ?? word
  }

  /// The names of all, without their ending, in the order of their bytes: "ablations/no-anchor".
  package var names: [String] {
    Set(
      folders.flatMap { folder in
        (FileManager.default.enumerator(atPath: folder).map { Array($0) } ?? []).compactMap { $0 as? String }
          .filter { $0.hasSuffix(".json5") }.map { String($0.dropLast(".json5".count)) }
      }
    ).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// What a recipe is, in the first sentence of the comment at its head; "" where it has none.
  package func purpose(of name: String) -> String {
    let data = FileManager.default.contents(atPath: path(for: name)) ?? Data()
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").prefix { $0.hasPrefix("//") }
    let text = lines.map { $0.dropFirst(2).trimmingPrefix(" ") }.joined(separator: " ")
    return text.firstRange(of: /[.:;] |[.:;]$/).map { String(text[..<$0.lowerBound]) } ?? text
  }
}
