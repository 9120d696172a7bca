import FERCore
import Foundation
import NeuralKit
import Support

/// A file that names images which could not be read: one a line, behind a tab the reason. Removing a line gives the
/// image another chance; whole lines behind `#` are remarks.
///
/// An image below the list's folder is named from there, so that both can be moved together; any other by its
/// absolute path. Names stand in it with their own bytes, whether they are UTF-8 or not.
package struct QuarantineList: Sendable {
  /// The largest list that is read.
  static let largest = 64 << 20

  private static let escapes: [Unicode.Scalar: String] = [
    "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r",
  ]

  /// The list's file.
  package let path: String
  private let folder: String
  private var text = ""
  private var reasons: [ExactName: String] = [:]

  /// Reads the list; where there is no such file, it is empty.
  /// - Throws: a ``DataProblem`` where the file cannot be read.
  package init(_ path: String) throws(DataProblem) {
    self.path = path
    folder = PathText.folder(of: PathText.absolute(path))
    guard FileSystem.exists(path), try FileBytes.start(of: path, count: 1).size > 0 else { return }
    text = FileName.text(try FileBytes.read(path, atMost: Self.largest))
    for line in text.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }) where !line.hasPrefix("#") {
      let parts = line.split(separator: "\t", maxSplits: 1)
      guard let name = parts.first else { continue }
      reasons[ExactName(name)] = parts.count > 1 ? String(parts[1]) : ""
    }
  }

  /// How many images it names.
  package var count: Int { reasons.count }

  /// What to say of a file that the list names; nil where it does not.
  package func problem(for file: String) -> DataProblem? {
    guard !reasons.isEmpty, let reason = reasons[ExactName(name(of: file))] else { return nil }
    return DataProblem(file, "is in quarantine (\(path.printable))" + (reason.isEmpty ? "" : ": \(reason)"))
  }

  /// Adds files that it does not name yet. What other processes have added meanwhile stays.
  /// - Parameter isWritten: false where another process writes the same.
  /// - Throws: a ``DataProblem`` where the list cannot be written.
  package mutating func add(_ problems: [DataProblem], isWritten: Bool = true) throws(DataProblem) {
    guard !news(in: problems).isEmpty else { return }
    if isWritten { self = try QuarantineList(path) }
    let new = news(in: problems)
    guard !new.isEmpty else { return }
    var whole =
      text.isEmpty
      ? "# Images that could not be read. They are not read again while they stand here.\n" : text
    if whole.last?.isNewline == false { whole += "\n" }
    for problem in new {
      let reason = problem.message.split(separator: "\n").first.map { String($0).printable } ?? ""
      whole += "\(name(of: problem.path))\t\(reason)\n"
      reasons[ExactName(name(of: problem.path))] = reason
    }
    defer { text = whole }
    guard isWritten else { return }
    do { try AtomicFile.write(to: path) { try $0.write(FileName.bytes(of: whole)) } } catch {
      let problem = error as? FileProblem
      throw DataProblem(
        path, problem?.message ?? "cannot be written: \(error)", isRequest: problem?.isRequest ?? false)
    }
  }

  private func news(in problems: [DataProblem]) -> [DataProblem] {
    problems.filter { !$0.path.isEmpty && reasons[ExactName(name(of: $0.path))] == nil }
  }

  private func name(of file: String) -> String {
    let whole = PathText.absolute(file)
    let name = PathText.path(whole, below: folder) ?? whole
    return name.unicodeScalars.reduce(into: "") { $0 += Self.escapes[$1] ?? String($1) }
  }
}
