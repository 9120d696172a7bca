import FERCore

/// The rows of a table that lists images.
final class ManifestTable {
  struct Row {
    let line: Int
    /// Below the folder that paths start from.
    let path: String
    /// The class by name.
    let label: String
    let group: String
    let split: String
    /// The shares in the order of ``shareNames``, where there are columns of classes.
    let shares: [Float]?
    /// What the named columns say, by their names as the recipe writes them.
    let attributes: [String: String]
  }

  /// The columns of classes.
  let shareNames: [String]
  /// The classes that the table may name, as far as they are known before its rows: columns, or what numbers mean.
  let knownNames: [String]
  private let reader: TableReader
  private let columns: TableColumns
  private let folder: String
  private let path: Int
  private let label: Int?
  private let group: Int?
  private let split: Int?
  private let shareColumns: [Int]
  private var attributeColumns: [(name: String, column: Int)] = []
  private let numbers: ((Int) -> String?)?
  private let numbersRange: String
  private var lowest = Int.max
  private var hasNumbersAsNames = false

  private static let paths = [
    "path", "file", "image", "filename", "file_name", "filepath", "image_path", "image_name",
  ]
  private static let labels = ["label", "class", "expression", "emotion", "category"]
  private static let groups = ["group", "person", "subject", "video", "identity", "character"]
  private static let splits = ["split", "set", "usage", "subset", "partition"]

  /// - Parameter classes: the recipe's; their names, and those of all expressions, make columns of shares.
  /// - Throws: a ``DataProblem`` where columns are missing.
  init(_ options: Manifest.Options, classes: [String]) throws(DataProblem) {
    let file = options.file.text
    reader = try TableReader(file)
    let columns = try TableColumns(of: reader)
    let twice = Set(columns.names.filter { name in !name.isEmpty && columns.names.count { $0 == name } > 1 })
    guard twice.isEmpty else {
      throw DataProblem(file, "names columns twice: \(twice.sorted().joined(separator: ", "))")
    }
    func column(_ named: String, _ usual: [String]) throws(DataProblem) -> Int? {
      named.isEmpty ? columns.first(usual) : try columns.required(named, file)
    }
    let (path, label) = (
      try column(options.pathColumn, Self.paths), try column(options.labelColumn, Self.labels)
    )
    let (group, split) = (
      try column(options.groupColumn, Self.groups), try column(options.splitColumn, Self.splits)
    )
    for name in options.attributes { attributeColumns.append((name, try columns.required(name, file))) }
    let others = [path, label, group, split] + attributeColumns.map(\.column)
    let shares = columns.names.indices.filter { index in
      !others.contains(index) && !columns.names[index].isEmpty && Self.isClass(columns.names[index], classes)
    }
    guard let path else {
      throw DataProblem(
        file,
        "has no column of paths (\(Self.paths.prefix(4).joined(separator: ", ")) ...); the first row names "
          + "\(columns.listed); say which it is with `pathColumn`")
    }
    guard label != nil || shares.count > 1 else {
      throw DataProblem(
        file,
        "has neither a column of labels (\(Self.labels.prefix(4).joined(separator: ", ")) ...) nor one for each "
          + "class; the first row names \(columns.listed); say which it is with `labelColumn`")
    }
    guard options.split.isEmpty || split != nil else {
      throw DataProblem(
        file,
        "has no column of splits (\(Self.splits.prefix(3).joined(separator: ", ")) ...), and the recipe asks for the "
          + "split \"\(options.split)\"; the first row names \(columns.listed)")
    }
    // A single column of that kind beside labels is something else.
    shareColumns = shares.count > 1 ? shares : []
    shareNames = shareColumns.map { columns.names[$0] }
    (self.columns, folder) = (columns, options.folder)
    (self.path, self.label, self.group, self.split) = (path, label, group, split)
    if options.order == "recipe" {
      numbers = { classes.indices.contains($0) ? classes[$0] : nil }
      numbersRange = "0...\(classes.count - 1) (\(classes.joined(separator: ", ")))"
      knownNames = classes
    } else {
      let order = ClassOrder.named(options.order)
      numbers = order.map { order in { order.name(of: $0) } }
      numbersRange = order?.range ?? ""
      knownNames = order?.names ?? shareNames
    }
  }

  private static func isClass(_ name: String, _ classes: [String]) -> Bool {
    ExpressionNames.isKnown(name) || ExpressionNames.index(of: name, in: classes) != nil
  }

  /// What may be behind all the problems.
  var hint: String {
    if hasNumbersAsNames { return "Labels that are numbers need `order`, which says whose numbers they are." }
    return lowest == 1 && numbers != nil ? "Do the labels count from 1?" : ""
  }

  /// The next row that is whole; what is wrong with others is noted.
  func next(_ problems: inout ProblemList) throws(DataProblem) -> Row? {
    while let row = try reader.next() {
      guard columns.fit(row, &problems) else { continue }
      let listed = row.name(path)
      guard let group = group.map({ row.text($0) }) ?? "",
        let split = split.map({ row.text($0) }) ?? ""
      else {
        problems.add(line: row.line, "holds bytes that are not UTF-8 text")
        continue
      }
      let place: String
      switch ListedPath.below(folder, listed) {
      case .success(let path): place = path
      case .failure(let refusal):
        problems.add(line: row.line, "the path \(row.shown(path)) \(refusal.reason)")
        continue
      }
      let shares = shareColumns.isEmpty ? nil : readShares(row, &problems)
      if shares == nil && !shareColumns.isEmpty { continue }
      guard let name = label.map({ readLabel(row, $0, &problems) }) ?? largest(shares) else { continue }
      return Row(
        line: row.line, path: place, label: name, group: group, split: split, shares: shares,
        attributes: attributes(of: row))
    }
    return nil
  }

  private func attributes(of row: TableRow) -> [String: String] {
    attributeColumns.reduce(into: [:]) { told, attribute in
      if let text = row.text(attribute.column), !text.isEmpty { told[attribute.name] = text }
    }
  }

  private func readLabel(_ row: TableRow, _ column: Int, _ problems: inout ProblemList) -> String? {
    guard let numbers else {
      guard let text = row.text(column), !text.isEmpty else {
        problems.add(line: row.line, "the label is \(row.shown(column))")
        return nil
      }
      guard !TableRow.isNumber(text) else {
        hasNumbersAsNames = true
        problems.add(line: row.line, "label \(row.shown(column)) is a number, not a name")
        return nil
      }
      return text
    }
    let number = row.number(column)
    if let number { lowest = min(lowest, number) }
    guard let name = number.flatMap(numbers) else {
      problems.add(line: row.line, "label \(row.shown(column)) is not in \(numbersRange)")
      return nil
    }
    return name
  }

  private func readShares(_ row: TableRow, _ problems: inout ProblemList) -> [Float]? {
    var shares: [Double] = []
    for column in shareColumns {
      guard let text = row.text(column), text.utf8.count <= 40, let share = Double(text.isEmpty ? "0" : text),
        share.isFinite, share >= 0, share <= 1e9
      else {
        problems.add(
          line: row.line, "\(row.shown(column)) is no share for \(columns.names[column]): a number from 0 on")
        return nil
      }
      shares.append(share)
    }
    let sum = shares.reduce(0, +)
    guard sum > 0 else {
      problems.add(line: row.line, "the shares of all classes are 0")
      return nil
    }
    return shares.map { Float($0 / sum) }
  }

  private func largest(_ shares: [Float]?) -> String? {
    guard let shares, let most = shares.max(), let index = shares.firstIndex(of: most) else { return nil }
    return shareNames[index]
  }
}

extension ManifestTable {
  /// What a table that nobody has described seems to hold.
  struct Sight {
    var classes: [String] = []
    var splits: [String] = []
    /// Whose numbers the labels may be; nil where they are names.
    var order: String?
    var remark = ""
  }

  /// Reads a table whose columns have the usual names; nil where it lists no images.
  static func sight(_ path: String) -> Sight? {
    guard let reader = try? TableReader(path), let columns = try? TableColumns(of: reader),
      columns.first(paths) != nil
    else { return nil }
    let label = columns.first(labels)
    let shares = columns.names.filter(ExpressionNames.isKnown)
    guard label != nil || shares.count > 1 else { return nil }
    let split = columns.first(splits)
    var (words, splitWords, rows) = (Set<String>(), Set<String>(), 0)
    while let row = try? reader.next() {
      rows += 1
      if let label, words.count < 1000, let word = row.text(label) { words.insert(word) }
      if let split, splitWords.count < 1000, let word = row.text(split) { splitWords.insert(word) }
    }
    guard rows > 0 else { return nil }
    var sight = Sight(classes: label == nil ? shares : words.sorted(), splits: splitWords.sorted())
    let numbers = words.compactMap(TableRow.wholeNumber)
    if label != nil, numbers.count == words.count,
      let order = [ClassOrder.rafDB, .affectNet].first(where: { order in
        numbers.allSatisfy { order.name(of: $0) != nil }
      })
    {
      sight.classes = order.names.enumerated().filter { numbers.contains($0.offset + order.first) }.map(
        \.element)
      sight.order = order.name
      sight.remark = "labels are numbers; they are taken for those of \(order.name): look whether it is so"
    }
    return sight
  }
}
