import FERCore

/// The table of FER+'s votes: `fer2013new.csv` with a header for all splits, or the `label.csv` of one folder.
struct FERPlusVotes {
  struct Row {
    let line: Int
    let split: DataSplit
    /// The name of the image; "" where the authors took the face out.
    let image: String
    /// For the eight classes, unknown and NF.
    let votes: [Int]
  }

  let path: String
  /// Whether it is a `label.csv`: without header, all of one split.
  let isOfOneFolder: Bool

  private static let columns = ClassOrder.ferPlus.names + ["unknown", "NF"]

  /// The rows of a split that have an image.
  /// - Throws: a ``DataProblem`` with everything that is wrong with the table.
  func rows(of split: DataSplit) throws(DataProblem) -> [Row] {
    if isOfOneFolder { return try folderRows(split) }
    return try allRows().filter { $0.split == split && !$0.image.isEmpty }
  }

  /// Every row of `fer2013new.csv`.
  /// - Throws: a ``DataProblem`` with everything that is wrong with the table.
  func allRows() throws(DataProblem) -> [Row] {
    let reader = try TableReader(path)
    let header = try TableColumns(of: reader)
    let (usage, image) = (try header.required("Usage", path), try header.required("Image name", path))
    var columns: [Int] = []
    for name in Self.columns { columns.append(try header.required(name, path)) }
    var (rows, problems, seen) = ([Row](), ProblemList(path), [String: Int]())
    while let row = try reader.next() {
      guard header.fit(row, &problems) else { continue }
      guard let split = row.text(usage).flatMap({ FER2013Table.usages[$0] }) else {
        problems.add(line: row.line, "Usage \(row.shown(usage)) is none of Training, PublicTest, PrivateTest")
        continue
      }
      if let found = read(row, split, image, columns, &seen, &problems) { rows.append(found) }
    }
    try problems.check()
    return rows
  }

  /// A `label.csv`: name, in older copies the face's box, and ten numbers.
  private func folderRows(_ split: DataSplit) throws(DataProblem) -> [Row] {
    let reader = try TableReader(path, separator: .comma)
    var (rows, problems, seen) = ([Row](), ProblemList(path), [String: Int]())
    while let row = try reader.next() {
      let count = row.fields.count
      guard count == 11 || count == 12 else {
        problems.add(
          line: row.line,
          "has \(count) fields, should have 11: a name and the votes for "
            + Self.columns.joined(separator: ", "))
        continue
      }
      if let found = read(row, split, 0, Array(count - 10..<count), &seen, &problems) { rows.append(found) }
    }
    try problems.check()
    return rows
  }

  private func read(
    _ row: TableRow, _ split: DataSplit, _ image: Int, _ columns: [Int], _ seen: inout [String: Int],
    _ problems: inout ProblemList
  ) -> Row? {
    let name = row.text(image) ?? "/"
    guard !name.contains("/"), !name.contains("\\"), name != ".." else {
      problems.add(line: row.line, "\(row.shown(image)) is no name of an image")
      return nil
    }
    if !name.isEmpty, let before = seen.updateValue(row.line, forKey: name) {
      problems.add(line: row.line, "\(name) is listed twice, first in line \(before)")
      return nil
    }
    var votes: [Int] = []
    for (column, expression) in zip(columns, Self.columns) {
      guard let count = row.number(column), (0...1_000_000).contains(count) else {
        problems.add(line: row.line, "\(row.shown(column)) is no number of votes for \(expression)")
        return nil
      }
      votes.append(count)
    }
    return Row(line: row.line, split: split, image: name, votes: votes)
  }
}

/// Makes samples of votes, and counts those that become none.
struct FERPlusLabels {
  private let asDistribution: Bool
  private var match: ClassMatch
  private var noFace = 0
  private var unclear = 0

  init(_ request: DataRequest, asDistribution: Bool) {
    self.asDistribution = asDistribution
    match = ClassMatch(request)
  }

  /// The sample; nil where the face is left out.
  mutating func sample(_ row: FERPlusVotes.Row, id: String) -> Sample? {
    guard !row.image.isEmpty else {
      noFace += 1
      return nil
    }
    let shares = asDistribution ? VoteRule.distribution(row.votes) : nil
    let winner =
      asDistribution ? shares.flatMap { $0.firstIndex(of: $0.max() ?? 0) } : VoteRule.majority(row.votes)
    guard let winner else {
      unclear += 1
      return nil
    }
    guard let label = match.label(of: ClassOrder.ferPlus.names[winner]) else { return nil }
    return Sample(
      id: id, label: label,
      distribution: shares.flatMap { match.distribution($0, of: ClassOrder.ferPlus.names) })
  }

  /// - Throws: a ``DataProblem`` where classes do not fit, or nothing is left.
  func check(_ path: String, _ split: DataSplit, _ samples: [Sample]) throws(DataProblem) {
    try match.check(path, names: ClassOrder.ferPlus.names)
    guard !samples.isEmpty else {
      throw DataProblem(path, "leaves no images for the split \"\(split.rawValue)\"")
    }
  }

  func notes(_ samples: [Sample]) -> [String] {
    let counts = [
      (unclear, "votes too scattered, unknown or no face, left out"),
      (noFace, "faces without an image name, left out"),
    ]
    return counts.filter { $0.0 > 0 }.map { "\($1): \($0)" } + match.notes(samples)
  }
}
