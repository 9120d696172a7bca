import FERCore
import TensorKit

/// Image files whose classes are known.
public struct LoadedImageFiles: TolerantDataset {
  /// The folder that the samples' names start from.
  public let folder: String
  /// Every image with its class, in a fixed order.
  public let samples: [Sample]
  /// What to do with images that cannot be decoded.
  public let badImagePolicy: BadImagePolicy
  /// What was left out because its size or first bytes are wrong.
  public let leftOut: [DataProblem]
  /// What else there is to say of the data: what was left out on purpose, and how many.
  public let notes: [String]

  /// Looks at the size and the first bytes of each file: a missing or empty file or a text should not come to light
  /// in the middle of an epoch.
  /// - Parameter samples: images whose ids are paths below `folder`.
  /// - Throws: a ``DataProblem`` where more files are bad than the policy allows, or none is left.
  init(
    checking samples: [Sample], in folder: String, _ policy: BadImagePolicy, notes: [String] = []
  ) throws(DataProblem) {
    let found = Self.problems(samples, folder)
    let bad = found.compactMap { $0 }
    if let first = bad.first, let problem = policy.problem(bad: bad.count, of: samples.count, first: first) {
      let others = bad.dropFirst().prefix(ProblemList.told - 1).map { "\n  also \($0)" }.joined()
      let rest = bad.count > ProblemList.told ? "\n  and \(bad.count - ProblemList.told) more" : ""
      throw DataProblem(problem.path, problem.message + others + rest)
    }
    guard bad.count < samples.count else { throw DataProblem(folder, "holds no readable images") }
    self.folder = folder
    self.samples = bad.isEmpty ? samples : zip(samples, found).filter { $0.1 == nil }.map(\.0)
    (badImagePolicy, leftOut, self.notes) = (policy, bad, notes)
  }

  private static func problems(_ samples: [Sample], _ folder: String) -> [DataProblem?] {
    var problems = [DataProblem?](repeating: nil, count: samples.count)
    problems.withUnsafeMutableBufferPointer { problems in
      Parallel.forEachBlock(of: samples.count, size: 256) { block in
        for index in block { problems[index] = ImageFile.quickProblem(path: "\(folder)/\(samples[index].id)") }
      }
    }
    return problems
  }

  /// Reads and decodes one file.
  /// - Throws: a ``DataProblem`` that names it.
  public func image(at index: Int) throws -> Image {
    try ImageFile.decode(path: "\(folder)/\(samples[index].id)")
  }
}
