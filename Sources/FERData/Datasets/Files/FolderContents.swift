import FERCore
import Foundation
import Support

/// What lies in a folder and in all below it: the images, and what is none.
package struct FolderContents: Sendable {
  /// Who nests deeper sorts no faces.
  private static let deepest = 32

  /// Images as paths below the folder, in the order of the bytes of names: what is called one, and where contents are
  /// looked at, what is one.
  package private(set) var images: [String] = []
  /// Folders that were not looked into, and why: links that lead back, and what lies too deep.
  package private(set) var passedOver: [DataProblem] = []
  /// Folders that cannot be opened.
  package private(set) var unreadable: [DataProblem] = []
  /// How many other files there are, by what they are: ".txt", ".heic (HEIC)", "a pipe".
  package private(set) var others: [String: Int] = [:]
  /// The folders below, as paths, each before those in it, and how many images lie there and below.
  package private(set) var folders: [(path: String, images: Int)] = []

  private let endings: Set<String>
  private let byContent: Bool

  /// Looks into all folders.
  /// - Parameter endings: "png" and the like, in capitals or not, of files that are called images; a list without entries
  ///   takes every file for one.
  /// - Parameter byContent: whether a file of another ending is an image where its first bytes say so.
  /// - Throws: a ``DataProblem`` where the folder itself cannot be opened.
  package init(of folder: String, endings: [String], byContent: Bool) throws(DataProblem) {
    self.endings = Set(endings.map { String($0.drop { $0 == "." }).lowercased() })
    self.byContent = byContent
    try look(into: folder, as: "", above: FolderIdentity.all(above: folder), depth: 1)
  }

  private mutating func look(
    into folder: String, as prefix: String, above: Set<FolderIdentity>, depth: Int
  ) throws(DataProblem) {
    for name in try FolderListing.entries(in: folder) {
      let path = "\(folder)/\(name)"
      let kind = FileSystem.kind(of: path)
      if kind != S_IFDIR {
        take(path, prefix + name, kind)
      } else if FolderIdentity.leadsBack(path, to: above) {
        passedOver.append(
          DataProblem(path, "is a link that leads back to a folder it lies in; it is passed over"))
      } else if depth == Self.deepest {
        passedOver.append(DataProblem(path, "lies \(depth) folders deep, the limit; it is passed over"))
      } else {
        let (place, before) = (folders.count, images.count)
        folders.append((prefix + name, 0))
        defer { folders[place].images = images.count - before }
        do throws(DataProblem) {
          let own = FolderIdentity(path).map { above.union([$0]) } ?? above
          try look(into: path, as: "\(prefix)\(name)/", above: own, depth: depth + 1)
        } catch { unreadable.append(error) }
      }
    }
  }

  private mutating func take(_ path: String, _ name: String, _ kind: mode_t?) {
    let ending = PathText.ending(of: name)
    if endings.isEmpty || endings.contains(ending) { return images.append(name) }
    let called = ending.isEmpty || ending.utf8.count > 12 ? "without an ending" : ".\(ending)"
    switch kind {
    case S_IFREG?:
      guard byContent, let start = try? FileBytes.start(of: path, count: ImageKind.bytesNeeded).bytes else {
        break
      }
      if ImageKind.problem(startingWith: start) == nil { return images.append(name) }
      if case .unsupported(let what) = ImageKind(start) {
        others["\(called) (\(what))", default: 0] += 1
        return
      }
    case nil: return others["links that lead nowhere", default: 0] += 1
    default: return others["pipes, sockets or devices", default: 0] += 1
    }
    others[called, default: 0] += 1
  }
}

extension [String: Int] {
  /// What to say of files that are no images, by what they are; nothing where there are none.
  var asLeftOut: [String] {
    isEmpty ? [] : ["left out, as they are no images that are read: \(listedCounts)"]
  }

  /// "3 .txt, 1 without an ending": the most frequent first.
  package var listedCounts: String {
    let sorted = sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return sorted.map { "\($0.value) \($0.key)" }.listed(atMost: 12)
  }
}
