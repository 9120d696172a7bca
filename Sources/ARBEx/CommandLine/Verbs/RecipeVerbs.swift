import FERCore
import Support

extension Verb {
  private static let recipeArgument = Argument("RECIPE", "a recipe file, or the name of one that comes along")

  static let recipeList = Verb(
    "recipe list", "the recipes that come along, which can be named without a path", flags: [.json],
    notes: """
      They are looked for in the folder that ARBEX_RECIPES names, in share/arbex/recipes of the installation, and in
      the source tree that the program was built in. A file of that name in the working folder comes first.
      """
  ) { call in
    let recipes = ShippedRecipes()
    let rows = recipes.names.map { (name: $0, purpose: recipes.purpose(of: $0)) }
    if call.has("--json") {
      try call.output.print(
        JSONValue.array(
          rows.map { row in
            .object([
              "name": .string(row.name), "path": .string(recipes.path(for: row.name)),
              "purpose": .string(row.purpose),
            ])
          }
        ).pretty())
      return 0
    }
    guard !rows.isEmpty else {
      throw RunProblem.failure("no folder of recipes was found; \(ShippedRecipes.variable)=DIR names one")
    }
    try call.output.print(TextTable.text(rows.map { [$0.name, $0.purpose] }))
    call.output.remark("in " + recipes.folders.map(\.printable).joined(separator: ", "))
    return 0
  }

  static let recipeShow = Verb(
    "recipe show", "every value of a recipe, and where it comes from", arguments: [recipeArgument],
    flags: [.set, .json]
  ) { call in
    let recipe = try call.recipe(at: call.words[0])
    if call.has("--json") {
      var origins: [String: JSONValue] = [:]
      for value in recipe.values { origins[value.path.description] = .string(value.origin.description) }
      try call.output.print(
        JSONValue.object([
          "hash": .string(recipe.hash), "recipe": recipe.effective, "origins": .object(origins),
        ]).pretty())
    } else {
      let rows = recipe.values.map { [$0.path.description, $0.value.oneLine, $0.origin.description] }
      try call.output.print(TextTable.text(rows))
    }
    return 0
  }

  static let recipeCheck = Verb(
    "recipe check", "finds everything that is wrong with a recipe before any data is touched",
    arguments: [recipeArgument], flags: [.set, .json]
  ) { call in
    do {
      let recipe = try call.recipe(at: call.words[0])
      let swaps = call.tellSwaps(of: recipe)
      let missing = recipe.missingFiles
      for problem in missing { call.output.remark("warning: \(problem)") }
      let sizes = recipe.parameterCounts()
      let (memory, limits) = (try recipe.memoryOfTraining(), MemoryLimits.current)
      if call.has("--json") {
        var parts: [String: JSONValue] = [:]
        for size in sizes { parts[size.part] = .int(size.count) }
        try call.output.print(
          JSONValue.object([
            "valid": .bool(true), "hash": .string(recipe.hash), "parameters": .object(parts),
            "problems": .array([]), "warnings": .array(missing.map(\.json)),
            "notes": .texts(swaps),
            "memory": .object(["training": .int(memory), "available": .int(limits.available)]),
          ]).pretty())
      } else {
        let total = sizes.reduce(0) { $0 + $1.count }
        try call.output.print(
          "\(call.words[0]): no problems, \(recipe.classes.count) classes, \(total) parameters")
        try call.output.print(TextTable.text(sizes.map { [$0.part, "\($0.count)"] }, indent: 2))
        try call.output.print(
          "memory: \(ByteCount.text(memory)) to train, beside what a batch takes (`arbex train --smoke` measures it); "
            + "\(ByteCount.text(limits.available)) are free")
      }
      if memory > limits.available {
        call.output.remark(
          "training needs at least \(ByteCount.text(memory)) of memory, and there are "
            + "\(ByteCount.text(limits.available)) (\(limits.source.rawValue))")
      }
      return 0
    } catch let found as RecipeProblems where call.has("--json") {
      try call.output.print(
        JSONValue.object(["valid": .bool(false), "problems": .array(found.problems.map(\.json))]).pretty())
      call.output.remark("\(found)")
      return ExitCode.of(found)
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
