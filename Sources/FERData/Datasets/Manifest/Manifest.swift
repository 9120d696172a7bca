import FERCore
import NeuralKit
import Support

/// Images that a table lists: CSV or TSV, with a row for each image and a first row that names the columns.
///
///     path,label,group,split                 path,happy,sad,neutral,split
///     faces/1.png,happy,anna,train           faces/1.png,7,1,2,train
///
/// Needed are a column of paths and either one of labels or one for each class. Numbers in the columns of classes are
/// shares or votes, at least 0; each row is divided by its sum, and training aims at it. The label then is the class
/// with the largest share, unless there is a column of labels too. Columns have the usual names in any case (`path`,
/// `file`, `image`; `label`, `class`, `expression`, `emotion`; `group`, `person`, `subject`, `video`; `split`, `set`,
/// `usage`), or those that options name; other columns do not matter.
struct Manifest: Dataset {
  struct Options: ComponentOptions {
    @Option("The table.") var file: FilePath = ""
    @Option("The folder that paths start from; empty is that of the table.") var root: FilePath = ""
    @Option("The rows to take, by the column of splits, such as train; empty takes all.") var split = ""
    @Option("The column of paths; empty looks for the usual names.") var pathColumn = ""
    @Option("The column of labels; empty looks for the usual names.") var labelColumn = ""
    @Option("The column of groups; empty looks for the usual names.") var groupColumn = ""
    @Option("The column of splits; empty looks for the usual names.") var splitColumn = ""
    @Option(
      "Whose numbers the labels are; recipe counts the recipe's classes from 0; empty takes labels for names.",
      oneOf: ["", "recipe"] + ClassOrder.all.map(\.name))
    var order = ""
    @Option("Columns whose values are told of each image, for reports to group by: gender, age ...")
    var attributes: [String] = []

    /// The folder that paths start from.
    var folder: String { root.isEmpty ? PathText.folder(of: file.text) : root.text }
  }

  private let options: Options
  private let file: String

  init(_ options: Options) throws(BuildIssue) {
    self.options = options
    file = try options.file.required("the table", as: "file")
  }

  /// Reads the table and looks at the first bytes of each image.
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    let table = try ManifestTable(options, classes: request.classes)
    var match = ClassMatch(request)
    var (samples, problems) = ([Sample](), ProblemList(file))
    var (names, splits, seen) = (Set(table.knownNames), [String: Int](), [ExactName: Int]())
    while let row = try table.next(&problems) {
      if let before = seen.updateValue(row.line, forKey: ExactName(row.path)) {
        problems.add(line: row.line, "\(row.path.printable) is listed twice, first in line \(before)")
        continue
      }
      names.insert(row.label)
      splits[row.split, default: 0] += 1
      guard options.split.isEmpty || SplitNames.canonical(row.split) == SplitNames.canonical(options.split),
        let label = match.label(of: row.label)
      else { continue }
      let shares = row.shares.flatMap { match.distribution($0, of: table.shareNames) }
      samples.append(
        Sample(
          id: row.path, label: label, group: row.group, distribution: shares, attributes: row.attributes))
    }
    try problems.check(hint: table.hint)
    guard !seen.isEmpty else { throw DataProblem(file, "lists no images") }
    try match.check(file, names: names.sorted())
    guard !samples.isEmpty else {
      let found = splits.sorted { $0.key < $1.key }.prefix(10).map { "\($0.key) (\($0.value))" }.joined(
        separator: ", ")
      throw DataProblem(
        file, "has no rows of the recipe's classes for the split \"\(options.split)\"; splits: \(found)")
    }
    return try LoadedImageFiles(
      checking: samples, in: options.folder, of: options.folder, for: request, notes: match.notes(samples),
      warnings: SplitNames.split(options.split) == nil ? [] : Self.warnings(splits), tables: [file])
  }

  /// Rows of splits whose names mean nothing: no recipe that asks for train, validation and test gets to see them.
  private static func warnings(_ splits: [String: Int]) -> [String] {
    let odd = splits.filter { SplitNames.split($0.key) == nil }.sorted { $0.key < $1.key }
    return odd.map { name, count in
      "\(count) rows are left out, whose split is " + (name.isEmpty ? "empty" : "\"\(name.printable)\"")
    }
  }

  // MARK: by sight

  /// A table that lists images, or a folder with such tables: one for all, or one for each split.
  static func recognise(_ root: String) -> RecognisedLayout? {
    let tables =
      FolderListing.isFile(root)
      ? [root]
      : ((try? FolderListing.entries(in: root)) ?? []).filter {
        [".csv", ".tsv"].contains($0.lowercased().suffix(4))
      }.map { "\(root)/\($0)" }
    let found = tables.compactMap { path in ManifestTable.sight(path).map { (path: path, sight: $0) } }
    let named = ["train", "validation", "test"].compactMap { key in
      found.first { SplitNames.canonical(PathText.name(of: String($0.path.dropLast(4)))) == key }.map {
        (key, $0)
      }
    }
    guard let first = named.first?.1 ?? found.first else { return nil }
    func setting(_ path: String) -> RecognisedLayout.Setting {
      .init("file", .string(PathText.absolute(path)))
    }
    let order = first.sight.order.map { [RecognisedLayout.Setting("order", .string($0))] } ?? []
    let parts: [RecognisedLayout.Part]
    if !named.isEmpty {
      parts = named.map { .init($0.0, [setting($0.1.path)] + order) }
    } else {
      let splits = ["train", "validation", "test"].compactMap { key in
        first.sight.splits.first { SplitNames.canonical($0) == key }.map { (key, $0) }
      }
      parts =
        splits.isEmpty
        ? [.init("train", [setting(first.path)] + order)]
        : splits.map { .init($0.0, [setting(first.path), .init("split", .string($0.1))] + order) }
    }
    return RecognisedLayout(
      "manifest", classes: first.sight.classes, remark: first.sight.remark, particularity: -1, parts: parts)
  }
}
