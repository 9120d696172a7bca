import FERCore
import Foundation
import Support

/// Finds the image files that somebody names: files, folders, patterns.
package enum ImageSearch {
  /// Endings of files that are taken out of a folder beside what is an image by its content. What is not read is among them, so that it is told of rather
  /// than passed over.
  package static let endings = ImageKind.endings + ["heic", "heif", "avif", "jp2"]

  /// What was found.
  package struct Found: Sendable {
    /// The files, whether there is something or not.
    package var files: [String] = []
    /// Folders that cannot be opened.
    package var problems: [DataProblem] = []
    /// What was passed over, in sentences.
    package var remarks: [String] = []
  }

  /// A file as it is; the images of a folder and of all below it; what a pattern such as `faces/**/*.jpg` matches
  /// where no file has that name. By the bytes of the names, each file once.
  /// - Throws: a ``DataProblem`` where a folder holds no images, or a pattern matches nothing.
  package static func files(named word: String) throws(DataProblem) -> Found {
    if let found = try images(inFolder: word) { return found }
    guard isPattern(word), !FileSystem.exists(word) else { return Found(files: [word]) }
    var (found, seen) = (Found(), Set<ExactName>())
    let parts = PathText.parts(word).map(String.init).reduce(into: [String]()) { parts, part in
      if part != "**" || parts.last != "**" { parts.append(part) }
    }
    for match in matches(parts[...], in: PathText.isAbsolute(word) ? "/" : "", depth: 0) {
      let below: Found
      do throws(DataProblem) { below = try images(inFolder: match) ?? Found(files: [match]) } catch {
        below = Found(problems: [error])
      }
      found.files += below.files.filter { seen.insert(ExactName($0)).inserted }
      found.problems += below.problems
      found.remarks += below.remarks
    }
    guard !found.files.isEmpty || !found.problems.isEmpty else { throw DataProblem(word, "matches no file") }
    return found
  }

  /// The images of a folder and of all below it, by content or by name; nil where it is none.
  /// - Throws: a ``DataProblem`` where it holds no images.
  package static func images(inFolder path: String) throws(DataProblem) -> Found? {
    guard FolderListing.isFolder(path) else { return nil }
    let contents = try FolderContents(of: path, endings: endings, byContent: true)
    guard !contents.images.isEmpty || !contents.unreadable.isEmpty else {
      throw DataProblem(
        path,
        "holds no images" + (contents.others.isEmpty ? "" : "; it holds \(contents.others.listedCounts)"))
    }
    var found = Found(
      files: contents.images.map { PathText.start(in: path) + $0 })
    found.problems = contents.unreadable
    found.remarks =
      contents.passedOver.map(\.description) + contents.others.asLeftOut.map { "\(path.printable): \($0)" }
    return found
  }

  private static func isPattern(_ word: String) -> Bool {
    word.unicodeScalars.contains { "*?[".unicodeScalars.contains($0) }
  }

  /// - Parameter folder: "" or ends in "/".
  private static func matches(_ parts: ArraySlice<String>, in folder: String, depth: Int) -> [String] {
    guard let part = parts.first else { return [] }
    let rest = parts.dropFirst()
    if part == "**" {
      // Links are not followed here: they could lead round in a circle.
      let below =
        depth < 64
        ? names(in: folder, matching: "*").filter {
          FolderListing.isFolder(folder + $0, followingLinks: false)
        } : []
      let deeper = below.flatMap { matches(parts, in: folder + $0 + "/", depth: depth + 1) }
      let here =
        rest.isEmpty
        ? names(in: folder, matching: "*").map { folder + $0 }.filter { !FolderListing.isFolder($0) }
        : matches(rest, in: folder, depth: depth)
      return here + deeper
    }
    let names =
      isPattern(part) ? names(in: folder, matching: part) : FileSystem.exists(folder + part) ? [part] : []
    if rest.isEmpty { return names.map { folder + $0 } }
    return names.filter { FolderListing.isFolder(folder + $0) }.flatMap {
      matches(rest, in: folder + $0 + "/", depth: depth)
    }
  }

  private static func names(in folder: String, matching pattern: String) -> [String] {
    let pattern = pattern.systemName
    let all = (try? FolderNames.all(in: folder.isEmpty ? "." : folder)) ?? []
    return all.filter { fnmatch(pattern, $0.systemName, FNM_PERIOD) == 0 }
  }
}
