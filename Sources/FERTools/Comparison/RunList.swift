import FERTraining
import Foundation
import Support

/// The runs that a command's words stand for.
package struct RunList {
  /// The folders of the runs, in the order of the words.
  package var paths: [String] = []
  /// Jobs of sweeps that are left out, and why.
  package var leftOut: [String] = []

  /// - Parameter words: folders of runs, or of sweeps, which stand for their jobs.
  /// - Throws: ``RunProblem`` that names all words that are neither.
  package init(_ words: [String]) throws {
    var wrong: [String] = []
    for word in words {
      if RunFolder.isRun(word) {
        paths.append(PathText.normalized(word))
        continue
      }
      let jobs = FileSystem.exists(word + "/claims") ? Self.runs(below: word) : []
      guard !jobs.isEmpty else {
        wrong.append("\(word.printable): is neither the folder of a run nor that of a sweep with runs in it")
        continue
      }
      let trained = jobs.filter(Self.hasWeights)
      paths += trained
      leftOut += jobs.filter { !trained.contains($0) }.map { "\($0): has no checkpoint yet; left out" }
    }
    guard wrong.isEmpty else { throw RunProblem.request(wrong.joined(separator: "\n")) }
  }

  /// A job's folder, or the folders of its seeds.
  private static func runs(below path: String) -> [String] {
    let inner = folders(in: path)
    return inner.flatMap { RunFolder.isRun($0) ? [$0] : folders(in: $0).filter(RunFolder.isRun) }
  }

  private static func folders(in path: String) -> [String] {
    ((try? FolderNames.all(in: path)) ?? []).filter { !$0.hasPrefix(".") }
      .map { PathText.normalized(path + "/" + $0) }
  }

  private static func hasWeights(_ path: String) -> Bool { (try? TrainedModel.weights(ofRun: path)) != nil }

  /// What the runs are called: as much of the ends of their paths as tells them apart.
  package var names: [String] {
    let parts = paths.map { PathText.parts(PathText.absolute($0)).map(String.init) }
    guard let first = parts.first else { return [] }
    let longest = (parts.map(\.count).min() ?? 1) - 1
    let shared = first.indices.prefix(longest).prefix { place in
      parts.allSatisfy { $0[place] == first[place] }
    }
    return parts.map { $0.dropFirst(shared.count).joined(separator: "/") }
  }
}
