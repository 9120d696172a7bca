import FERCore
import FERData
import FERTools
import FERTraining
import NeuralKit
import Support

extension Verb {
  static let dataCheck = Verb(
    "data check",
    "look at every image of a dataset: counts, duplicates, leakage, what to write into a recipe",
    arguments: [Argument("RECIPE-or-DIR", "a recipe, or a dataset's folder as its authors distribute it")],
    flags: [
      Flag(
        "--sheet", value: "FILE.png", ifBare: "",
        "draw a contact sheet: images of each class and what the recipe makes of them; NAME-sheet.png where not given"
      ),
      Flag("--overwrite", "replace the contact sheet where the file is there already"),
      Flag("--strict", "exit code 1 for warnings too: duplicates across splits, missing classes ..."), .json,
      .set,
    ],
    notes: """
      exit codes: 0 one can train with it (skipping up to 1 % of unreadable images of a folder, or what the recipe
      allows); 1 no dataset is recognised, or training would stop: no images, classes that do not fit, labels out of
      range, too many unreadable images (with --strict also where there is a warning); 2 the request was wrong: no such
      file, a recipe with mistakes, a contact sheet that cannot be written.
      """
  ) { call in
    let subject: DataSubject
    do {
      subject = try dataSubject(call)
    } catch let problem as UnknownLayout {
      if call.has("--json") { try call.output.print(problem.json) }
      call.output.remark("\(problem)")
      return 1
    }
    let sheet = try sheetFile(call)
    let check = DataCheck(subject, registry: call.registry, console: Console())
    var drawn: String?
    if let sheet, let picture = ContactSheet(check) {
      try ImageFile.writePNG(picture.image(), path: sheet)
      drawn = sheet
    }
    try call.output.print(call.has("--json") ? check.json(sheet: drawn) : check.text)
    if let drawn, !call.has("--json") { call.output.remark("written: \(drawn)") }
    if sheet != nil, drawn == nil { call.output.remark("no contact sheet: there are no images to draw") }
    return check.isUsable && !(call.has("--strict") && check.count(.warning) > 0) ? 0 : 1
  }

  private static func dataSubject(_ call: Invocation) throws -> DataSubject {
    let path = call.words[0]
    if RunFolder.isRun(path) { return DataSubject(try call.recipe(at: path + "/recipe.json5")) }
    let isRecipe = [".json5", ".json"].contains { path.lowercased().hasSuffix($0) }
    if isRecipe { return DataSubject(try call.recipe(at: path)) }
    if !call.values("--set").isEmpty {
      throw UsageProblem("--set changes a recipe; \(JSONValue.quoted(path)) is none", verb: "data check")
    }
    return try DataSubject(folder: path, registry: call.registry)
  }

  /// Where the contact sheet goes; nil where none is wanted.
  private static func sheetFile(_ call: Invocation) throws -> String? {
    guard let given = call.value("--sheet") else { return nil }
    let name =
      PathText.name(of: PathText.absolute(call.words[0])).split(separator: ".").first.map(String.init)
      ?? "data"
    let file =
      given.isEmpty
      ? "\(name)-sheet.png" : FileSystem.isFolder(given) ? "\(given)/\(name)-sheet.png" : given
    guard file.lowercased().hasSuffix(".png") else {
      throw UsageProblem(
        "--sheet writes a PNG file; give \(JSONValue.quoted(file)) the ending .png", verb: "data check")
    }
    guard call.has("--overwrite") || !FileSystem.exists(file) else {
      throw RunProblem.request("\(file.printable): is there already; name another file, or add --overwrite")
    }
    if let problem = FileSystem.folderProblem(of: file) { throw RunProblem.request(problem) }
    return file
  }
}

extension UnknownLayout {
  fileprivate var json: String {
    JSONValue.object([
      "usable": .bool(false), "path": .string(path), "layout": .null,
      "findings": .array([
        .object([
          "kind": .string("unknown-layout"), "weight": .string("problem"), "message": .string(description),
          "items": .array([]),
        ])
      ]),
    ]).oneLine
  }
}
