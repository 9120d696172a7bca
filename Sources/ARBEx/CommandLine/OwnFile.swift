import FERData
import FERTraining
import Foundation
import NeuralKit
import Support

/// A file that a verb is about to write where somebody else's may lie already.
///
/// What this program wrote as the same kind of file is replaced, and so is an empty file; anything else stays, unless
/// `--overwrite` is given. Every verb asks before its work, through ``Invocation/requireOwn(_:)``.
struct OwnFile {
  /// What is written, and so what may be replaced.
  enum Kind: String {
    /// A page, with its figures in a folder of its name.
    case report = "a report"
    /// A page by itself.
    case page = "a page"
    case predictions = "a table of predictions"
    case comparison = "a table of runs"
    case picture = "a picture"
    case explanation = "an explanation"
    case weights = "a file of imported or exported weights"
    case network = "a network in ONNX"
    /// Nothing in such a file tells who wrote it.
    case numbers = "a file of numbers"
    /// Somebody may have worked on it since.
    case recipe = "a recipe"

    /// Whether the folder is made where it is not there.
    var makesFolder: Bool { self == .picture || self == .explanation }
  }

  let path: String
  let kind: Kind

  init(_ kind: Kind, _ path: String) { (self.path, self.kind) = (path, kind) }

  /// Why it must stay as it is, or cannot be there; nil where it may be written.
  var obstacle: String? {
    guard FileSystem.exists(path) else { return folderObstacle }
    guard let file = try? OpenFile(path), let bytes = try? file.read(from: 0, count: min(file.length, 8192))
    else {
      return "\(path.printable): is there already, and is no file that can be read"
    }
    guard file.length > 0, !isOwn(bytes) else { return nil }
    return "\(path.printable): is there already, and is not known for \(kind.rawValue) that arbex wrote"
  }

  /// Why nothing can be written where it is to lie; nil where it can.
  fileprivate var folderProblem: String? {
    FileSystem.folderProblem(of: path, makesFolder: kind.makesFolder)
  }

  /// The folder that the figures of a report go into. In that of a run it is arbex's own.
  private var folderObstacle: String? {
    guard kind == .report, !RunFolder.isRun(PathText.folder(of: path)) else { return nil }
    let folder = String(path.dropLast(5))
    guard let names = try? FolderNames.all(in: folder), !names.isEmpty else { return nil }
    return "\(folder.printable): is a folder already, and no page of arbex lies beside it"
  }

  private func isOwn(_ start: [UInt8]) -> Bool {
    let text = String(decoding: start, as: UTF8.self)
    switch kind {
    case .report, .page:
      return text.hasPrefix("<!DOCTYPE html>")
        && text.contains("\"Content-Security-Policy\" content=\"default-src 'none'; style-src")
    case .predictions: return text.hasPrefix("image,class,primary,final,confidence,")
    case .comparison: return text.hasPrefix("run,folder,group,seed,weights,epoch,")
    case .picture: return ImageFile.isSigned(start: start)
    case .explanation: return text.hasPrefix("{\"image\": \"") && text.contains("\"explained\": {\"class\": ")
    case .weights:
      guard let file = try? WeightFile(path) else { return false }
      return file.hasDigest && file.metadata["naming"] != nil
    // The version of the format, then who wrote it.
    case .network: return start.starts(with: [8, 8, 18, 5] + Array("arbex".utf8))
    case .numbers, .recipe: return false
    }
  }
}

extension Invocation {
  /// - Parameter before: what became of the rest, in words.
  /// - Throws: ``RunProblem`` that names every file which may not be replaced.
  func requireOwn(_ files: [OwnFile], before: String = "nothing was done") throws(RunProblem) {
    if let problem = files.firstResult(\.folderProblem) { throw RunProblem.request(problem) }
    guard !has(Verb.Flag.overwrite.name) else { return }
    let obstacles = files.compactMap(\.obstacle)
    guard !obstacles.isEmpty else { return }
    throw RunProblem.request(
      obstacles.prefix(10).joined(separator: "\n")
        + (obstacles.count > 10 ? "\nand \(obstacles.count - 10) more" : "")
        + "\n  \(before); write elsewhere, or add --overwrite")
  }
}

extension Verb.Flag {
  /// `--overwrite`, on every verb that writes files where others may lie.
  static let overwrite = Verb.Flag(
    "--overwrite", "replace files that are there already, also where arbex did not write them")
}
