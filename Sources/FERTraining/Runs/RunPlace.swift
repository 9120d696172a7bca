import Support

#if canImport(Glibc)
  import Glibc
#endif

/// What lies where a run is to go.
package enum RunPlace: Equatable, Sendable {
  /// Nothing, or an empty folder.
  case free
  /// What a run leaves that was ended before its first checkpoint. Nothing in it was trained, and all of it was written by
  /// this program.
  case begun
  /// A run with a checkpoint to go on from.
  case run
  /// Something else: the sentence that follows its path.
  case taken(String)

  /// Looks.
  package init(at path: String) {
    guard let kind = FileSystem.kind(of: path) else {
      self = .free
      return
    }
    guard kind == S_IFDIR else {
      self = .taken("is a file, not a folder")
      return
    }
    guard let names = try? FolderNames.all(in: path) else {
      self = .taken("cannot be read")
      return
    }
    let checkpoints = (try? FolderNames.all(in: path + "/checkpoints")) ?? []
    let others = names.filter { !Self.isOfStart($0) }
    if checkpoints.contains("last.safetensors") || checkpoints.contains("previous.safetensors") {
      self = .run
    } else if let weights = checkpoints.first(where: { !$0.hasPrefix(AtomicFile.temporaryPrefix) }) {
      self = .taken(
        "has no checkpoint to go on from, neither last.safetensors nor previous.safetensors, but "
          + "checkpoints/\(weights.printable) (a new run can start from that with --init-from)")
    } else if !others.isEmpty {
      self = .taken("holds other files (\(others.map(\.printable).listed(atMost: 3))) and no checkpoint")
    } else if names.isEmpty {
      self = .free
    } else if names.contains("lock") || names.contains("checkpoints") || names == names.leftovers {
      self = .begun
    } else {
      // Somebody's own recipe.json5, say.
      self = .taken("holds \(names.map(\.printable).listed(atMost: 3)) and no checkpoint")
    }
  }

  /// Whether a run writes such a file before its first checkpoint.
  static func isOfStart(_ name: String) -> Bool {
    let known = [
      "lock", "checkpoints", "recipe.json5", "environment.json", DataFingerprint.name, DataStamps.name,
      "metrics.jsonl", "timings.jsonl", "steps.csv", "epochs.csv",
    ]
    return known.contains(name) || name.hasPrefix("events.out.tfevents.")
      || name.hasPrefix(AtomicFile.temporaryPrefix)
  }
}

extension [String] {
  /// What writes that were killed left.
  fileprivate var leftovers: [String] { filter { $0.hasPrefix(AtomicFile.temporaryPrefix) } }
}
