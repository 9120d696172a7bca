import FERCore

/// What happens when an image cannot be decoded.
public enum BadImagePolicy: Sendable, Equatable {
  /// The first one ends the work.
  case fail
  /// Bad images are left out and reported, up to this share (0...1) of the dataset.
  case skip(upTo: Double)
  /// As `skip`; besides, the file at `list` names them, and what it names is not read again. See ``QuarantineList``.
  case quarantine(list: String, upTo: Double)

  /// The words for it in recipes.
  public static let words = ["fail", "skip", "quarantine"]

  /// The list that this policy keeps, as it stands now; nil where it keeps none.
  /// - Throws: a ``DataProblem`` where it cannot be read.
  public func quarantineList() throws(DataProblem) -> QuarantineList? {
    guard case .quarantine(let list, _) = self else { return nil }
    return try QuarantineList(list)
  }

  /// Why `bad` of `count` images are too many; nil where they are not.
  func problem(bad: Int, of count: Int, first: DataProblem) -> DataProblem? {
    switch self {
    case .fail: return first
    case .skip(let share), .quarantine(_, let share):
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
  ///   so many bad ones. Those that are in quarantine already do not count.
  func check(_ bad: [DataProblem], of count: Int) throws(DataProblem) {
    let known = try quarantineList()
    let bad = bad.filter { known?.problem(for: $0.path) == nil }
    guard let first = bad.first, let problem = problem(bad: bad.count, of: count, first: first) else {
      return
    }
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
  /// The file of a sample, as problems with it name it.
  func path(at index: Int) -> String
  /// What else there is to say of the data, in sentences: what was left out on purpose, and how many.
  var notes: [String] { get }
}
extension TolerantDataset {
  /// The sample's own name, where there are no files.
  public func path(at index: Int) -> String { samples[index].id }
  public var notes: [String] { [] }
}
