import FERCore
import Foundation
import Support

/// Finds the image files that somebody names: files, folders, patterns.
package enum ImageSearch {
  /// Endings of files that are taken out of a folder. What is not read is among them, so that it is told of rather
  /// than passed over.
  package static let endings = ImageKind.endings + ["heic", "heif", "avif", "jp2"]

  /// A file as it is; the images of a folder and of all below it; what a pattern such as `faces/**/*.jpg` matches
  /// where no file has that name. By the bytes of the names, each file once.
  /// - Throws: a ``DataProblem`` where a folder holds no images, or a pattern matches nothing.
  package static func files(named word: String) throws(DataProblem) -> [String] {
    if let images = try images(inFolder: word) { return images }
    let hasPattern = word.contains { "*?[".contains($0) }
    guard hasPattern, access(word, F_OK) != 0 else { return [word] }
    var (found, seen) = ([String](), Set<String>())
    let parts = word.split(separator: "/").map(String.init).reduce(into: [String]()) { parts, part in
      if part != "**" || parts.last != "**" { parts.append(part) }
    }
    for match in matches(parts[...], in: word.hasPrefix("/") ? "/" : "", depth: 0) {
      for file in (try? images(inFolder: match)) ?? [match] where seen.insert(file).inserted {
        found.append(file)
      }
    }
    guard !found.isEmpty else { throw DataProblem(word, "matches no file") }
    return found
  }

  /// The images of a folder and of all below it; nil where it is none.
  /// - Throws: a ``DataProblem`` where it holds no images.
  package static func images(inFolder path: String) throws(DataProblem) -> [String]? {
    guard FolderListing.isFolder(path) else { return nil }
    let names = try FolderListing.files(in: path, endings: endings)
    guard !names.isEmpty else {
      throw DataProblem(path, "holds no images: no file that ends in \(endings.joined(separator: ", "))")
    }
    return names.map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
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
    let isPattern = part.contains { "*?[".contains($0) }
    let names = isPattern ? names(in: folder, matching: part) : access(folder + part, F_OK) == 0 ? [part] : []
    if rest.isEmpty { return names.map { folder + $0 } }
    return names.filter { FolderListing.isFolder(folder + $0) }.flatMap {
      matches(rest, in: folder + $0 + "/", depth: depth)
    }
  }

  private static func names(in folder: String, matching pattern: String) -> [String] {
    let all = (try? FolderNames.all(in: folder.isEmpty ? "." : folder)) ?? []
    return all.filter { fnmatch(pattern, $0, FNM_PERIOD) == 0 }
  }
}
