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
public final class Manifest: RecognisableLayout {
  /// The settings of ``Manifest``.
  public struct Options: ImageOptions {
    @Option("The table.") public var file: FilePath = ""
    @Option("The folder that paths start from; empty is that of the table.") public var root: FilePath = ""
    @Option("The rows to take, by the column of splits, such as train; empty takes all.") public var split =
      ""
    @Option("The column of paths; empty looks for the usual names.") public var pathColumn = ""
    @Option("The column of labels; empty looks for the usual names.") public var labelColumn = ""
    @Option("The column of groups; empty looks for the usual names.") public var groupColumn = ""
    @Option("The column of splits; empty looks for the usual names.") public var splitColumn = ""
    @Option(
      "Whose numbers the labels are; recipe counts the recipe's classes from 0; empty takes labels for names.",
      oneOf: ["", "recipe", "aff-wild2", "affectnet", "fer2013", "ferplus", "raf-db"])
    public var order = ""
    @Option("Classes of the table to leave out.") public var ignore: [String] = []
    @Option("Whether the recipe may have classes that the table does not know.") public var allowMissing =
      false
    @Option("What to do with an image that cannot be read.", oneOf: BadImagePolicy.words)
    public var onBadImage = "fail"
    @Option("The share of bad images up to which leaving them out goes on.", 0...1) public var skipUpTo = 0.01
    @Option("The file that lists the images in quarantine. Empty: quarantine.txt in the dataset's folder.")
    public var quarantine: FilePath = ""

    /// The defaults.
    public init() {}

    /// The folder that paths start from.
    var folder: String { root.isEmpty ? PathText.folder(of: file.text) : root.text }
  }

  private let options: Options

  /// - Throws: ``BuildIssue`` where no table is named.
  public init(_ options: Options, in context: inout BuildContext) throws {
    guard !options.file.isEmpty else { throw BuildIssue("file", "must name the table") }
    self.options = options
  }

  /// Reads the table and looks at the first bytes of each image.
  /// - Throws: a ``DataProblem``.
  public func load(classes: [String]) throws -> any LoadedDataset {
    let path = options.file.text
    let table = try ManifestTable(options, classes: classes)
    var match = ClassMatch(classes, ignore: options.ignore, allowMissing: options.allowMissing)
    var (samples, problems) = ([Sample](), ProblemList(path))
    var (names, splits, seen) = (Set(table.knownNames), [String: Int](), [String: Int]())
    while let row = try table.next(&problems) {
      if let before = seen.updateValue(row.line, forKey: row.path) {
        problems.add(line: row.line, "\(row.path) is listed twice, first in line \(before)")
        continue
      }
      names.insert(row.label)
      splits[row.split, default: 0] += 1
      guard options.split.isEmpty || SplitNames.canonical(row.split) == SplitNames.canonical(options.split),
        let label = match.label(of: row.label)
      else { continue }
      let shares = row.shares.flatMap { distribution($0, table.shareNames, &match) }
      samples.append(Sample(id: row.path, label: label, group: row.group, distribution: shares))
    }
    try problems.check(hint: table.hint)
    guard !seen.isEmpty else { throw DataProblem(path, "lists no images") }
    try match.check(path, names: names.sorted())
    guard !samples.isEmpty else {
      let found = splits.sorted { $0.key < $1.key }.prefix(10).map { "\($0.key) (\($0.value))" }.joined(
        separator: ", ")
      throw DataProblem(
        path, "has no rows of the recipe's classes for the split \"\(options.split)\"; splits: \(found)")
    }
    return try LoadedImageFiles(
      checking: samples, in: options.folder, options.policy, notes: match.notes(samples))
  }

  /// The shares in the order of the recipe's classes; those of ignored classes are taken out.
  private func distribution(_ shares: [Float], _ names: [String], _ match: inout ClassMatch) -> [Float]? {
    var result = [Float](repeating: 0, count: match.classes.count)
    for (name, share) in zip(names, shares) where share > 0 {
      if let index = match.index(of: name) {
        result[index] += share
      } else if !match.isIgnored(name) {
        match.addUnknown(name)
      }
    }
    let sum = result.reduce(0, +)
    return sum > 0 ? result.map { $0 / sum } : nil
  }

  // MARK: by sight

  /// A table that lists images, or a folder with such tables: one for all, or one for each split.
  public static func recognise(_ root: String) -> RecognisedLayout? {
    let tables =
      FolderListing.isFile(root)
      ? [root]
      : ((try? FolderListing.entries(in: root)) ?? []).filter {
        [".csv", ".tsv"].contains($0.lowercased().suffix(4))
      }
      .map { "\(root)/\($0)" }
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
      "manifest", classes: first.sight.classes, remark: first.sight.remark, parts: parts)
  }
}

/// What people call the three splits.
enum SplitNames {
  private static let rows = [
    "train": ["train", "training", "train_set"],
    "validation": ["validation", "valid", "val", "dev", "publictest"],
    "test": ["test", "testing", "privatetest"],
  ]

  /// "train", "validation" or "test"; the word itself, in lower case, where it is none of them.
  static func canonical(_ name: String) -> String {
    let word = name.lowercased()
    return rows.first { $0.value.contains(word) }?.key ?? word
  }
}
