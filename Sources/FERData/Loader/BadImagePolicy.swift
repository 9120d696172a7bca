import FERCore

/// What happens when an image cannot be decoded.
public enum BadImagePolicy: Sendable, Equatable {
  /// The first one ends the work.
  case fail
  /// Bad images are left out and reported, up to this share (0...1) of the dataset.
  case skip(upTo: Double)

  /// Why `bad` of `count` images are too many; nil where they are not.
  func problem(bad: Int, of count: Int, first: DataProblem) -> DataProblem? {
    switch self {
    case .fail: return first
    case .skip(let share):
      guard Double(bad) > share * Double(count) else { return nil }
      let percent = Float((share * 10_000).rounded() / 100)
      return DataProblem(
        first.path,
        first.message + "; with it \(bad) of \(count) images are bad, and skipUpTo allows \(percent) %")
    }
  }
}

extension BadImagePolicy {
  /// - Throws: one ``DataProblem`` that tells the first of them and counts the others, where `count` images may not have
  ///   so many bad ones.
  func check(_ bad: [DataProblem], of count: Int) throws(DataProblem) {
    guard let first = bad.first, let problem = problem(bad: bad.count, of: count, first: first) else { return }
    let others = bad.dropFirst().prefix(ProblemList.told - 1).map { "\n  also \($0)" }.joined()
    let rest = bad.count > ProblemList.told ? "\n  and \(bad.count - ProblemList.told) more" : ""
    throw DataProblem(problem.path, problem.message + others + rest)
  }
}

/// A dataset that says what to do with its bad images. Others are held to ``BadImagePolicy/fail``.
public protocol TolerantDataset: LoadedDataset {
  /// What to do with images that turn out bad.
  var badImagePolicy: BadImagePolicy { get }
  /// What was left out already when the dataset was loaded.
  var leftOut: [DataProblem] { get }
  /// What else there is to say of the data, in sentences: what was left out on purpose, and how many.
  var notes: [String] { get }
}
extension TolerantDataset {
  public var notes: [String] { [] }
}
