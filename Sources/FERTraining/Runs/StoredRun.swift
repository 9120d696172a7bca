import FERCore
import Foundation
import NeuralKit
import Support

/// How far a run came, by its last checkpoint, and what its files tell of how it was made.
package struct StoredRun {
  /// The run's folder.
  package let folder: RunFolder
  /// The checkpoint's file.
  package let last: String
  /// Whether all epochs are done and the results written.
  package let isFinished: Bool
  /// Steps done in all.
  package let step: Int
  /// Epochs closed.
  package let epoch: Int
  /// Whether the checkpoint was written between two epochs.
  package let isBetweenEpochs: Bool
  /// The lines of metrics.jsonl that belong to the checkpoint.
  package let metrics: [String]
  /// The recipe that the checkpoint was trained by, as text.
  package let recipe: String
  /// The members of environment.json.
  package let environment: [String: JSONValue]

  /// - Throws: ``RunProblem`` where there is no run or no checkpoint, `FileProblem` where that is damaged.
  package init(_ path: String) throws {
    folder = try RunFolder.existing(path)
    last = folder.checkpoints + "/last.safetensors"
    guard FileSystem.exists(last) else {
      throw RunProblem.request("\(path.printable): has no checkpoint yet; train it first")
    }
    let file = try WeightFile(intact: last)
    guard let state = file.trainingState else {
      throw FileProblem(last, "holds no state, so it is no checkpoint of this program")
    }
    (isFinished, step, epoch) = (state.isFinished, state.step, state.epoch)
    isBetweenEpochs = state.batch == 0
    recipe = file.metadata["recipe"] ?? ""
    let log = try FileSystem.contents(folder.file("metrics.jsonl")) ?? Data()
    metrics = String(decoding: log.prefix(state.metricsLength), as: UTF8.self).split(separator: "\n")
      .map(String.init)
    let text = try FileSystem.contents(folder.file("environment.json")) ?? Data()
    environment = (try? JSON5Parser.parse(String(decoding: text, as: UTF8.self)).value.members) ?? [:]
  }

  /// What is other in the recipe that lies in the folder than in that of the checkpoint, a sentence for each value.
  package func changes(of recipe: Recipe) -> [String] {
    guard let trained = try? JSON5Parser.parse(self.recipe).value else { return [] }
    return JSONValue.changes(from: trained, to: recipe.effective)
  }

  /// What is other here than where it was trained, a sentence each. Threads may differ.
  package func changes(of environment: Environment) -> [String] {
    let names = [
      ("program", "version of this program"), ("processor", "processor"), ("kernels", "kind of loops"),
      ("openBLASKernel", "OpenBLAS's kernel"), ("openBLAS", "OpenBLAS"), ("matrixProduct", "matrix product"),
    ]
    let now = environment.object()
    return names.compactMap { key, name in
      guard let (old, new) = self.environment[key]?.text.map({ ($0, now[key]?.text ?? "") }) else {
        return "\(name): the run's environment.json does not tell it"
      }
      return old == new ? nil : "\(name): was \(old.printable), is \(new.printable)"
    }
  }
}

extension StoredRun {
  /// Where a recipe is that of a run, and components in it come from a program that this one is not: which, and what to do.
  package static func otherProgram(ofRecipe path: String, for registry: Registry, called tool: String)
    -> String?
  {
    struct Maker: Decodable { let command: String?, modules: [String]? }
    let file = PathText.folder(of: path) + "/environment.json"
    guard PathText.name(of: path) == "recipe.json5",
      let maker = (try? FileSystem.text(of: file)).flatMap({ JSONValue.decoded(Maker.self, from: $0) })
    else { return nil }
    let known = Set(registry.summaries.map { $0.type.prefix { $0 != "." } })
    let unknown = (maker.modules ?? []).filter { !known.contains($0[...]) }
    if let command = maker.command, !unknown.isEmpty {
      return "this run was made by the program \"\(command.printable)\", which has components of "
        + "\(unknown.listed()) that \(tool) does not have; use that program here"
    }
    guard maker.modules == nil else { return nil }
    return "if another program made this run, one with plug-ins of its own, use that program here"
  }
}

extension JSONValue {
  /// A value that two objects do not share.
  struct Change {
    /// Where it stands.
    let path: String
    /// As text; "not there" where it is absent.
    let before, after: String

    /// For people.
    var sentence: String { "\(path): was \(before), is \(after)" }
  }

  /// The values that differ, in the order of their paths.
  static func differences(from old: JSONValue, to new: JSONValue) -> [Change] {
    let (before, after) = (old.textsByPath, new.textsByPath)
    return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }
      .map { Change(path: $0, before: before[$0] ?? absent, after: after[$0] ?? absent) }
  }

  /// Stands for a value that is not there.
  static let absent = "not there"

  /// The values by path that differ, a sentence each.
  /// - Parameter irrelevant: paths that do not count.
  static func changes(from old: JSONValue, to new: JSONValue, besides irrelevant: [String] = []) -> [String] {
    differences(from: old, to: new).filter { !irrelevant.contains($0.path) }.map(\.sentence)
  }

  /// Values as text by path.
  package var textsByPath: [String: String] {
    Dictionary(leaves.map { ("\($0.path)", $0.value.oneLine) }) { first, _ in first }
  }
}
