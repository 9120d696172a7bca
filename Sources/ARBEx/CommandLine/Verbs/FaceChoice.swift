import FERCore
import FERData
import FERTraining
import NeuralKit
import Support

/// A face detector that was chosen, and how its faces are cut out.
struct FaceChoice {
  let finder: FaceFinder
  /// What a recipe says of it under `data.faces`.
  let recipe: JSONValue

  /// As the recipe says that its data were made. Where it says nothing, the first detector that this program can run, which
  /// is told.
  /// - Throws: ``RunProblem`` where there is none, or it cannot be made.
  init(of recipe: Recipe, tell: (String) -> Void) throws {
    if let faces = recipe.effective["data"]?["faces"],
      let (detector, margin) = try Self.made({ try recipe.makeFaceDetector() })
    {
      self.init(finder: FaceFinder(detector, margin: margin), recipe: faces)
    } else {
      try self.init(in: recipe.registry)
      tell(
        "note: the recipe does not say how its faces were cut out; taken is data.faces=\(self.recipe.oneLine)"
      )
    }
  }

  private init(finder: FaceFinder, recipe: JSONValue) { (self.finder, self.recipe) = (finder, recipe) }

  /// A detector by its name, with its usual options; without a name the first that this program can run.
  /// - Throws: ``RunProblem`` or ``UsageProblem`` where there is none.
  init(_ name: String? = nil, margin: Double = FaceOptions().margin, in registry: Registry) throws {
    let known = registry.faceDetectors.all
    let wanted = name.map { name in known.filter { $0.summary.name == name } } ?? known
    guard let first = wanted.first else {
      let names = known.map(\.summary.name)
      guard let name else { throw RunProblem.request("this program has no face detector") }
      throw UsageProblem(
        "no face detector is named \(JSONValue.quoted(name))\(NearestName.suggestion(for: name, among: names))"
          + "\n  known: \(names.joined(separator: ", "))")
    }
    let entry = wanted.first { (try? $0.make()) != nil } ?? first
    let options = entry.summary.defaults.members ?? [:]
    self.init(
      finder: FaceFinder(try Self.made { try entry.make() }, margin: margin),
      recipe: .object(
        options.merging(["use": .string(entry.summary.name), "margin": .double(margin)]) { $1 }))
  }

  /// What `make` makes; what an option keeps from being made is the request's fault.
  private static func made<Made>(_ make: () throws -> Made) throws -> Made {
    do { return try make() } catch let issue as BuildIssue {
      throw RunProblem.request("data.faces.\(issue)")
    }
  }
}
