import FERCore

extension BadImagePolicy {
  /// The list that this policy keeps, as it stands now; nil where it keeps none.
  /// - Throws: a ``DataProblem`` where it cannot be read.
  package func quarantineList() throws(DataProblem) -> QuarantineList? {
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

  /// - Throws: one ``DataProblem`` that tells the first of them and counts the others, where `count` images may not have
  ///   so many bad ones. Those that are in quarantine already do not count.
  public func check(_ bad: [DataProblem], of count: Int) throws(DataProblem) {
    let known = try quarantineList()
    let bad = bad.filter { known?.problem(for: $0.path) == nil }
    if let failure = bad.first(where: { !$0.isRequest }) { throw failure }
    guard let first = bad.first, let problem = problem(bad: bad.count, of: count, first: first) else {
      return
    }
    let others = bad.dropFirst().prefix(ProblemList.told - 1).map { "\n  also \($0)" }.joined()
    let rest = bad.count > ProblemList.told ? "\n  and \(bad.count - ProblemList.told) more" : ""
    throw DataProblem(problem.path, problem.message + others + rest)
  }
}
