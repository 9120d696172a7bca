import FERCore
import Support

extension Verb {
  private static let recipeArgument = Argument("RECIPE", "a recipe file")

  static let recipeShow = Verb(
    "recipe show", "every value of a recipe, and where it comes from", arguments: [recipeArgument],
    flags: [.set, .json]
  ) { call in
    let recipe = try call.recipe(at: call.words[0])
    if call.has("--json") {
      var origins: [String: JSONValue] = [:]
      for value in recipe.values { origins[value.path.description] = .string(value.origin.description) }
      call.output.print(
        JSONValue.object([
          "hash": .string(recipe.hash), "recipe": recipe.effective, "origins": .object(origins),
        ]).pretty())
    } else {
      let rows = recipe.values.map { [$0.path.description, $0.value.oneLine, $0.origin.description] }
      call.output.print(TextTable.text(rows))
    }
    return 0
  }

  static let recipeCheck = Verb(
    "recipe check", "finds everything that is wrong with a recipe before any data is touched",
    arguments: [recipeArgument], flags: [.set, .json]
  ) { call in
    do {
      let recipe = try call.recipe(at: call.words[0])
      call.tellSwaps(of: recipe)
      let missing = recipe.missingFiles
      for problem in missing { call.output.remark("warning: \(problem)") }
      let sizes = recipe.parameterCounts()
      if call.has("--json") {
        var parts: [String: JSONValue] = [:]
        for size in sizes { parts[size.part] = .int(size.count) }
        call.output.print(
          JSONValue.object([
            "valid": .bool(true), "hash": .string(recipe.hash), "parameters": .object(parts),
            "problems": .array([]), "warnings": .array(missing.map(\.json)),
            "notes": .texts(call.swapRemarks(of: recipe)),
          ]).pretty())
      } else {
        let total = sizes.reduce(0) { $0 + $1.count }
        call.output.print(
          "\(call.words[0]): no problems, \(recipe.classes.count) classes, \(total) parameters")
        call.output.print(TextTable.text(sizes.map { [$0.part, "\($0.count)"] }, indent: 2))
      }
      return 0
    } catch let found as RecipeProblems where call.has("--json") {
      call.output.print(
        JSONValue.object(["valid": .bool(false), "problems": .array(found.problems.map(\.json))]).pretty())
      call.output.remark("\(found)")
      return 2
    }
  }
}

extension RecipeProblem {
  fileprivate var json: JSONValue {
    .object([
      "origin": .string("\(origin)"), "path": .string("\(issue.path)"), "message": .string(issue.message),
      "note": .string(issue.note ?? ""),
    ])
  }
}
