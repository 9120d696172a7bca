import FERCore
@testable import FERData
import Foundation
import NeuralKit
import TensorKit
import Testing
import Support

/// One image of a tiny copy of a dataset, as its writer wrote it.
struct WrittenImage: Hashable {
  /// What the dataset must call it.
  var id: String
  /// Its class, as the dataset's authors name it.
  var name: String
  var group = ""
  /// "train", "validation", "test"; "all" where the authors made no splits.
  var split: String
}

/// A tiny copy of a dataset in its authors' format, and what a recipe has to say to read it.
struct Layout: Sendable, CustomTestStringConvertible {
  /// The dataset's name in recipes.
  let dataset: String
  /// Which of its forms it is.
  var form = ""
  /// The classes that the copy holds, in the authors' order.
  let classes: [String]
  let splits: [String]
  /// Options beside `root` and `split`, by the place of the copy.
  var options: @Sendable (_ root: String) -> [String: JSONValue] = { ["root": .string($0)] }
  let write: @Sendable (ScratchFolder) throws -> [WrittenImage]

  var testDescription: String { form.isEmpty ? dataset : "\(dataset), \(form)" }

  /// Reads a copy as a recipe would.
  func load(_ root: String, split: String, classes: [String], _ more: [String: JSONValue] = [:]) throws
    -> any LoadedDataset
  {
    var given = options(root).merging(more) { $1 }
    given["split"] = .string(split)
    return try Self.load(dataset, .object(given), classes)
  }

  /// - Parameter options: the dataset's own, and those that a recipe has for every dataset.
  static func load(
    _ dataset: String, _ options: JSONValue, _ classes: [String]
  ) throws -> any LoadedDataset {
    var own = options.members ?? [:]
    let (policy, share) = (own.removeValue(forKey: "onBadImage"), own.removeValue(forKey: "skipUpTo"))
    let (ignored, missing) = (own.removeValue(forKey: "ignore"), own.removeValue(forKey: "allowMissing"))
    var badImages = BadImagePolicy.fail
    if policy == .string("skip"), case .double(let share)? = share { badImages = .skip(upTo: share) }
    let request = DataRequest(
      classes: classes, badImages: badImages, ignore: ignored?.elements?.compactMap(\.text) ?? [],
      allowMissing: missing == .bool(true))
    return try made(dataset, .object(own)).load(request)
  }

  /// The dataset of that name with these options, as the registry makes it.
  static func made(_ dataset: String, _ options: JSONValue) throws -> any Dataset {
    let registry = try Registry(plugins: [FERDataPlugin.self])
    var context = BuildContext(scope: ParameterScope(), classes: [], inputSize: 8)
    return try registry.datasets.entry(dataset, at: JSONPath("data")).make(options, in: &context)
  }
}

/// What is recognised by sight.
func recognise(_ path: String) throws -> [RecognisedLayout] {
  try Registry(plugins: [FERDataPlugin.self]).recognise(path)
}

extension LoadedDataset {
  /// What was read, in the form of what was written.
  func read(_ classes: [String], split: String) -> [WrittenImage] {
    samples.map { WrittenImage(id: $0.id, name: classes[$0.label], group: $0.group, split: split) }
  }
}

/// The sentence that reading ends with; "no problem" where it succeeds.
func problem(_ work: () throws -> some Any) -> String {
  do {
    _ = try work()
    return "no problem"
  } catch {
    return "\(error)"
  }
}

extension ScratchFolder {
  /// Writes a text file.
  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  /// Copies a small picture of that kind to each name.
  func copy(_ picture: String, to names: [String]) throws {
    let bytes = try fixture(picture)
    for name in names { try write(bytes, to: name) }
  }
}

/// A fixture made by `Tests/Fixtures/Datasets/make.py`, or from another source that its folder tells.
func datasetFixture<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return try JSONDecoder().decode(
    type, from: Data(contentsOf: tests.appendingPathComponent("Fixtures/Datasets/\(name)")))
}
