import FERCore
import FERData
import Foundation
import Support
import TensorKit

/// What a run was trained on, file by file: `data.jsonl` in its folder.
///
///     {"set": "train", "file": "happy/0001.png", "class": "happy", "bytes": 1587, "sha256": "9f86d0..."}
///
/// A line for each image of the sets that training reads, in their order; then for each table or list that tells of them,
/// for each file of weights that the model starts from, and for what label policies read. There are no times in it and no
/// folders, so that equal runs have equal bytes, wherever the data lie.
package struct DataFingerprint: Equatable, Sendable {
  /// A file, or an image that has none of its own.
  package struct Entry: Codable, Equatable, Sendable {
    /// "train", "validation", "weights" or "labels".
    package let set: String
    /// The image's name, the table's, or the part of the model that starts from the file.
    package let file: String
    /// The image's class.
    package var `class`: String?
    /// The person or video it belongs to.
    package var group: String?
    /// How its annotators see it, in the order of the recipe's classes.
    package var shares: [Float]?
    /// The file's size; nil where there is none, or it cannot be read.
    package var bytes: Int?
    /// The SHA-256 of its content.
    package var sha256: String?

    /// As a line of the file.
    var line: String {
      var object = OrderedObject()
      object.add("set", set)
      object.add("file", file)
      if let name = self.class { object.add("class", name) }
      if let group { object.add("group", group) }
      if let shares { object.add("shares", .array(shares.map { .number(Double($0)) })) }
      if let bytes { object.add("bytes", bytes) }
      if let sha256 { object.add("sha256", sha256) }
      return object.text
    }
  }

  /// An entry whose file has yet to be read.
  struct Open: Sendable {
    var entry: Entry
    let path: String

    /// With size and digest; without, where the file cannot be read.
    func read() -> Entry {
      var entry = entry
      guard !path.isEmpty, let file = try? OpenFile(path) else { return entry }
      let digest = Digest()
      guard (try? file.blocks(of: 0..<file.length, { digest.update($0) })) != nil else { return entry }
      (entry.bytes, entry.sha256) = (file.length, digest.finish())
      return entry
    }
  }

  /// In the order of the file.
  package let entries: [Entry]

  /// The file's name in a run's folder.
  package static let name = "data.jsonl"

  /// Of what a recipe trains on now; reads every file.
  /// - Throws: what the recipe's label policies throw when they begin.
  package init(of recipe: Recipe, train: any BatchSource, validation: (any BatchSource)?) throws {
    let labels = try LabelPolicies(of: recipe, for: train.samples)
    let open = Self.open(recipe, train: train, validation: validation, labels: labels.fingerprint)
    var entries = open.map(\.entry)
    entries.withUnsafeMutableBufferPointer { entries in
      nonisolated(unsafe) let entries = entries
      Parallel.forEachBlock(of: open.count, size: 64) { block in
        for index in block { entries[index] = open[index].read() }
      }
    }
    self.init(entries)
  }

  init(_ entries: [Entry]) { self.entries = entries }

  /// What a run's folder holds; nil where an older version of this program trained it.
  /// - Throws: `FileProblem` where the file cannot be read, or holds something else.
  package init?(ofRun folder: String) throws {
    let path = folder + "/" + Self.name
    guard FileSystem.exists(path) else { return nil }
    let file = try OpenFile(path)
    let lines = try file.read(from: 0, count: file.length).split(separator: UInt8(ascii: "\n"))
    let decoder = JSONDecoder()
    entries = try lines.enumerated().map { number, line in
      do { return try decoder.decode(Entry.self, from: Data(line)) } catch {
        throw FileProblem(path, "line \(number + 1) tells of no file")
      }
    }
  }

  /// The file's text.
  var text: String { entries.map { $0.line + "\n" }.joined() }

  /// What it tells of some sets.
  package func only(_ sets: [String]) -> DataFingerprint {
    DataFingerprint(entries.filter { sets.contains($0.set) })
  }

  /// What there is to read.
  /// - Parameter fingerprint: of what label policies read.
  static func open(
    _ recipe: Recipe, train: any BatchSource, validation: (any BatchSource)?, labels fingerprint: String
  ) -> [Open] {
    var found: [Open] = []
    for (set, source) in [("train", train), ("validation", validation)] {
      guard let source else { continue }
      for (index, sample) in source.samples.enumerated() {
        let name = recipe.classes.indices.contains(sample.label) ? recipe.classes[sample.label] : nil
        let entry = Entry(
          set: set, file: FileName.escaped(sample.id), class: name,
          group: sample.group.isEmpty ? nil : sample.group,
          shares: sample.distribution)
        found.append(Open(entry: entry, path: source.file(at: index)))
      }
      found += source.tables.map {
        Open(entry: Entry(set: set, file: FileName.escaped(PathText.name(of: $0))), path: $0)
      }
    }
    found += recipe.weightFiles.map { Open(entry: Entry(set: "weights", file: $0.part), path: $0.path) }
    if !fingerprint.isEmpty {
      let entry = Entry(set: "labels", file: "what label policies read", sha256: fingerprint)
      found.append(Open(entry: entry, path: ""))
    }
    return found
  }
}

extension DataFingerprint {
  /// What is other now, a sentence for each file; none where all is the same.
  package func differences(to now: DataFingerprint) -> [String] {
    guard self != now else { return [] }
    // A file is known by its set, its name, and which of that name it is.
    func keyed(_ entries: [Entry]) -> (keys: [ExactName], byKey: [ExactName: Entry]) {
      var (counts, keys, byKey) = ([ExactName: Int](), [ExactName](), [ExactName: Entry]())
      for entry in entries {
        let name = "\(entry.set): \(entry.file.printable)"
        let count = counts[ExactName(name), default: 0] + 1
        counts[ExactName(name)] = count
        let key = ExactName(count == 1 ? name : "\(name) (\(count))")
        keys.append(key)
        byKey[key] = entry
      }
      return (keys, byKey)
    }
    let (before, after) = (keyed(entries), keyed(now.entries))
    var told = before.keys.compactMap { key -> String? in
      guard let old = before.byKey[key] else { return nil }
      guard let new = after.byKey[key] else { return "\(key.text): is missing" }
      return old.change(to: new).map { "\(key.text): \($0)" }
    }
    told += after.keys.filter { before.byKey[$0] == nil }.map { "\($0.text): was not there" }
    return told.isEmpty ? ["the same files come in another order"] : told
  }
}

extension DataFingerprint.Entry {
  /// What became of a file of this name; nil where nothing did.
  fileprivate func change(to new: Self) -> String? {
    guard self != new else { return nil }
    if sha256 != new.sha256 {
      guard set != "labels" else { return "has changed" }
      guard let now = new.bytes else { return "cannot be read" }
      guard let bytes else { return "could not be read then, and can be now" }
      return "has changed" + (bytes == now ? "; still \(now) bytes" : ": \(bytes) bytes then, \(now) now")
    }
    if self.class != new.class { return "was \(self.class ?? "of no class"), is \(new.class ?? "of none")" }
    return group != new.group ? "belongs to another group" : "has other shares of the classes"
  }
}
