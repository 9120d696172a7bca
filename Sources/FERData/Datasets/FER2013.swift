import FERCore
import NeuralKit

/// FER2013 (Goodfellow et al. 2013): 48x48 grey faces in one table, or as class folders.
///
///     fer2013.csv, icml_face_data.csv     emotion,pixels,Usage (in any order): 0,"70 80 82 ...",Training
///     train/happy/Training_123.jpg        folders, as they are often passed on
///
/// `Usage` tells the splits: Training, PublicTest (validation) and PrivateTest (test).
public final class FER2013: RecognisableLayout {
  /// The settings of ``FER2013``.
  public struct Options: ImageOptions {
    @Option("The folder that holds the table or the folders of the splits, or the table itself.")
    public var root: FilePath = ""
    @Option("Which images; all takes every row of a table.", oneOf: ["train", "validation", "test", "all"])
    public var split = "train"
    @Option("The table below root; empty looks for fer2013.csv and icml_face_data.csv, then for folders.")
    public var file = ""
    @Option("Classes of the dataset to leave out.") public var ignore: [String] = []
    @Option("Whether the recipe may have classes that the dataset does not know.") public var allowMissing =
      false
    @Option("What to do with an image that cannot be read.", oneOf: BadImagePolicy.words)
    public var onBadImage = "fail"
    @Option("The share of bad images up to which leaving them out goes on.", 0...1) public var skipUpTo = 0.01
    @Option("The file that lists the images in quarantine. Empty: quarantine.txt in the dataset's folder.")
    public var quarantine: FilePath = ""

    /// The defaults.
    public init() {}
  }

  private let options: Options

  /// - Throws: ``BuildIssue`` where no folder is named.
  public init(_ options: Options, in context: inout BuildContext) throws {
    guard !options.root.isEmpty else {
      throw BuildIssue("root", "must name the folder that holds fer2013.csv")
    }
    self.options = options
  }

  /// Reads the table with its pixels, or lists the folders.
  /// - Throws: a ``DataProblem``.
  public func load(classes: [String]) throws -> any LoadedDataset {
    let root = options.root.text
    if options.file.isEmpty, let folder = Self.splitFolder(options.split, in: root), Self.tableIn(root) == nil
    {
      return try ClassFolders(classFolders(root, folder)).load(classes: classes)
    }
    let table = try Self.table(in: root, named: options.file)
    return try faces(in: table, classes)
  }

  private func faces(in path: String, _ classes: [String]) throws(DataProblem) -> LoadedPixelFaces {
    let table = try FER2013Table(path)
    guard let emotion = table.emotion else {
      throw DataProblem(path, "has no column \"emotion\"; the first row names \(table.columns.listed)")
    }
    if !table.hasUsage && options.split != "all" {
      throw DataProblem(
        path, "has no column \"Usage\" that tells the splits; set split to \"all\" to take every row")
    }
    var match = ClassMatch(classes, ignore: options.ignore, allowMissing: options.allowMissing)
    var (samples, pixels, bad, problems) = ([Sample](), [UInt8](), [DataProblem](), ProblemList(path))
    while let row = try table.next(&problems) {
      guard options.split == "all" || row.split == options.split else { continue }
      guard let name = row.row.number(emotion).flatMap(ClassOrder.fer2013.name(of:)) else {
        problems.add(
          line: row.row.line, "emotion \(row.row.shown(emotion)) is not in \(ClassOrder.fer2013.range)")
        continue
      }
      guard let label = match.label(of: name) else { continue }
      if let problem = LoadedPixelFaces.append(row.pixels, to: &pixels) {
        bad.append(DataProblem(path, "line \(row.row.line): \(problem)"))
      } else {
        samples.append(Sample(id: "row \(row.number)", label: label))
      }
    }
    try problems.check()
    try match.check(path, names: ClassOrder.fer2013.names)
    try options.policy.check(bad, of: samples.count + bad.count)
    guard !samples.isEmpty else {
      throw DataProblem(path, "holds no rows for the split \"\(options.split)\"")
    }
    return LoadedPixelFaces(
      samples, pixels: pixels, options.policy, leftOut: bad, notes: match.notes(samples))
  }

  private func classFolders(_ root: String, _ folder: String) -> ClassFolders.Options {
    var folders = ClassFolders.Options()
    (folders.root, folders.split, folders.ignore) = (options.root, folder, options.ignore)
    (folders.allowMissing, folders.onBadImage, folders.skipUpTo, folders.quarantine) = (
      options.allowMissing, options.onBadImage, options.skipUpTo, options.quarantine
    )
    folders.order = ClassOrder.fer2013.name
    return folders
  }

  // MARK: where things are

  private static let tables = ["fer2013.csv", "fer2013/fer2013.csv", "icml_face_data.csv"]

  /// The table below `root`, or `root` itself.
  static func table(in root: String, named: String) throws(DataProblem) -> String {
    if named.isEmpty, FolderListing.isFile(root) { return root }
    return try UsualPlace.file("file", named, tables).path(in: root)
  }

  private static func tableIn(_ root: String) -> String? { try? table(in: root, named: "") }

  private static func splitFolder(_ split: String, in root: String) -> String? {
    let names = [
      "train": ["train", "training"], "validation": ["validation", "valid", "val", "publictest"],
      "test": ["test", "privatetest"],
    ]
    return (try? FolderListing.folders(in: root))?.first { names[split]?.contains($0.lowercased()) ?? false }
  }

  /// A table whose first row is FER2013's. Its folders are recognised as class folders.
  public static func recognise(_ root: String) -> RecognisedLayout? {
    guard let path = tableIn(root), let table = try? FER2013Table(path), let emotion = table.emotion else {
      return nil
    }
    var (problems, splits, present) = (ProblemList(path), Set<String>(), Set<String>())
    while let row = try? table.next(&problems) {
      splits.insert(row.split ?? "all")
      if let name = row.row.number(emotion).flatMap(ClassOrder.fer2013.name(of:)) { present.insert(name) }
    }
    guard !present.isEmpty else { return nil }
    let parts =
      table.hasUsage
      ? ["train", "validation", "test"].filter(splits.contains).map { ($0, $0) } : [("train", "all")]
    return RecognisedLayout(
      "fer2013", classes: ClassOrder.fer2013.names.filter(present.contains),
      parts: parts.map { .init($0.0, [.root(root), .init("split", .string($0.1))]) })
  }
}

/// The rows of FER2013's table.
final class FER2013Table {
  struct Row {
    let row: TableRow
    /// The place among the rows, from 0.
    let number: Int
    /// "train", "validation" or "test"; nil where the table does not say.
    let split: String?
    let pixels: ArraySlice<UInt8>
  }

  /// What `Usage` says.
  static let usages = ["Training": "train", "PublicTest": "validation", "PrivateTest": "test"]

  let columns: TableColumns
  /// The column of the label, where there is one.
  let emotion: Int?
  private let reader: TableReader
  private let pixels: Int
  private let usage: Int?
  private var number = 0

  /// Whether the table tells the splits.
  var hasUsage: Bool { usage != nil }

  /// - Throws: a ``DataProblem`` where there is no column of pixels.
  init(_ path: String) throws(DataProblem) {
    reader = try TableReader(path)
    columns = try TableColumns(of: reader)
    pixels = try columns.required("pixels", path)
    (emotion, usage) = (columns.index("emotion"), columns.index("Usage"))
  }

  /// The next row that is whole; what is wrong with others is noted.
  func next(_ problems: inout ProblemList) throws(DataProblem) -> Row? {
    while let row = try reader.next() {
      defer { number += 1 }
      guard columns.fit(row, &problems) else { continue }
      var split: String?
      if let usage {
        split = row.text(usage).flatMap { Self.usages[$0] }
        if split == nil {
          problems.add(
            line: row.line, "Usage \(row.shown(usage)) is none of Training, PublicTest, PrivateTest")
          continue
        }
      }
      return Row(row: row, number: number, split: split, pixels: row.fields[pixels])
    }
    return nil
  }
}
