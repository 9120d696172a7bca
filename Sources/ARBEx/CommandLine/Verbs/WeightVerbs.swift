import FERCore
import FERTools
import FERTraining
import Foundation
import NeuralKit
import Support

extension Verb {
  static let weightsInspect = Verb(
    "weights inspect", "what a weight file holds: safetensors, .pth, .pth.tar; nothing in it is run",
    arguments: [Argument("FILE", "a file of weights")], flags: [.json]
  ) { call in
    let inspection = try WeightInspection(call.words[0], registry: call.registry)
    try call.output.print(call.has("--json") ? inspection.json.pretty() : inspection.text)
    return 0
  }

  static let weightsImport = Verb(
    "weights import", "bring published weights to a recipe's model: used, skipped, missing, reshaped",
    arguments: [Argument("FILE", "safetensors, .pth or .pth.tar")],
    flags: [
      Flag("--recipe", value: "RECIPE", "the recipe whose model the weights are for"),
      Flag("--out", value: "FILE", "the safetensors file to write"),
      Flag("--map", value: "NAME", "how the file names its arrays; where not given, what fits best"),
      Flag(
        "--part", value: "PLACE", "import only this part of the model: backbone, landmarks, encoder, head ..."
      ),
      Flag(
        "--coverage", value: "SHARE",
        "share of a part's arrays that the file must have; \(WeightFit.leastCoverage) where not given"),
      Flag(
        "--classes", value: "ORDER",
        "the order of the file's classes: raf-db, or names with commas between them"),
      Flag("--allow-nonfinite", "let numbers through that are not finite"), .overwrite, .json, .set,
    ]
  ) { call in
    guard let word = call.value("--recipe") else {
      throw UsageProblem("\"weights import\" needs --recipe RECIPE", verb: "weights import")
    }
    guard let out = call.value("--out") else {
      throw UsageProblem("\"weights import\" needs --out FILE", verb: "weights import")
    }
    try call.requireOwn([OwnFile(.weights, out)])
    var options = WeightImport.Options()
    options.naming = call.value("--map")
    options.part = call.value("--part")
    options.classes = call.value("--classes")
    options.allowsNonFinite = call.has("--allow-nonfinite")
    if let text = call.value("--coverage") {
      guard let share = Double(text), (0...1).contains(share) else {
        throw UsageProblem(
          "--coverage needs a number from 0 to 1, was given \(JSONValue.quoted(text))", verb: "weights import"
        )
      }
      options.coverage = share
    }
    let recipe = try call.recipe(at: word, needsWeights: false)
    let imported = try WeightImport(call.words[0], for: recipe, options, registry: call.registry)
    try imported.write(to: out)
    try call.output.print(call.has("--json") ? imported.json(out).pretty() : imported.table)
    for warning in imported.warnings { call.output.remark("warning: \(warning)") }
    if !call.has("--json") { call.output.remark("written: \(out)") }
    return 0
  }

  static let weightsExport = Verb(
    "weights export", "write weights under published names in PyTorch's layout, for the way back to Python",
    arguments: [Argument("RUN-or-FILE", "the folder of a run, whose best is taken, or a file of weights")],
    flags: [
      Flag("--out", value: "FILE", "the safetensors file to write"),
      Flag(
        "--map", value: "NAME",
        "whose names; those of the first published kind that can be written where not given"), .overwrite,
      .json,
    ]
  ) { call in
    guard let out = call.value("--out") else {
      throw UsageProblem("\"weights export\" needs --out FILE", verb: "weights export")
    }
    let able = call.registry.namings.filter { $0.fileName != nil }
    let word = call.value("--map") ?? able.first?.word ?? ""
    guard let naming = able.first(where: { $0.word == word }) else {
      throw UsageProblem(
        "no map that can be written is named \(JSONValue.quoted(word))"
          + NearestName.suggestion(for: word, among: able.map(\.word))
          + "\n  maps: \(able.map(\.word).joined(separator: ", "))", verb: "weights export")
    }
    try call.requireOwn([OwnFile(.weights, out)])
    let source =
      RunFolder.isRun(call.words[0]) ? try TrainedModel.weights(ofRun: call.words[0]) : call.words[0]
    let count = try WeightExport.write(source, naming: naming, to: out)
    if call.has("--json") {
      let result: [String: JSONValue] = [
        "source": .string(source), "written": .string(out), "map": .string(word), "arrays": .int(count),
      ]
      try call.output.print(JSONValue.object(result).pretty())
    } else {
      try call.output.print("\(out): \(count) arrays under the names of a \(naming.name)")
    }
    return 0
  }
}

extension WeightImport {
  /// One row for each part of the model, then what did not take part.
  var table: String {
    let header = ["part", "used", "missing", "reshaped", "other shape"]
    let rows = match.parts.map { part in
      part.isThere
        ? [
          part.path, "\(part.used) of \(part.count)", "\(part.missing.count)", "\(part.reshaped.count)",
          "\(part.mismatched.count)",
        ] : [part.path, "not in the file"]
    }
    var lines = ["\(file.path.printable): \(file.format.rawValue), read as \(match.naming.name)"]
    if !file.wrappers.isEmpty { lines.append("  unwrapped: \(file.wrappers.listed())") }
    lines.append(TextTable.text([header] + rows, indent: 2))
    let lists = [
      ("reshaped", match.parts.flatMap(\.reshaped)), ("other shape", match.parts.flatMap(\.mismatched)),
      ("missing", match.parts.filter(\.isThere).flatMap(\.missing)),
      ("skipped, no use for it", match.unneeded),
      ("skipped, no place in the model", match.unknown), ("classes named in it, never run", file.skipped),
    ]
    for (title, names) in lists where !names.isEmpty {
      lines.append("  \(title), \(names.count): \(names.listed(atMost: 6))")
    }
    return lines.joined(separator: "\n")
  }

  /// The same with every name.
  func json(_ out: String) -> JSONValue {
    let parts = match.parts.map { part in
      JSONValue.object([
        "part": .string(part.path), "arrays": .int(part.count), "used": .int(part.used),
        "missing": .texts(part.missing), "reshaped": .texts(part.reshaped),
        "otherShape": .texts(part.mismatched), "inFile": .bool(part.isThere),
      ])
    }
    return .object([
      "source": .string(file.path), "format": .string(file.format.rawValue),
      "wrappers": .texts(file.wrappers),
      "map": .string(match.naming.word.isEmpty ? match.naming.name : match.naming.word),
      "parts": .array(parts), "unneeded": .texts(match.unneeded), "unknown": .texts(match.unknown),
      "skippedClasses": .texts(file.skipped), "warnings": .texts(warnings), "written": .string(out),
    ])
  }
}
