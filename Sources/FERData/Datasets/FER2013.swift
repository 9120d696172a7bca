import FERCore
import NeuralKit
import Support

/// FER2013 (Goodfellow et al. 2013): 48x48 grey faces in one table, or as class folders.
///
///     fer2013.csv, icml_face_data.csv     emotion,pixels,Usage (in any order): 0,"70 80 82 ...",Training
///     train/happy/Training_123.jpg        folders, as they are often passed on
///
/// `Usage` tells the splits: Training, PublicTest (validation) and PrivateTest (test).
struct FER2013: Dataset {
  struct Options: ComponentOptions {
    @Option("The folder that holds the table or the folders of the splits, or the table itself.")
    var root: FilePath = ""
    @Option("Which images; all takes every row of a table.") var split = SplitRule.Split.train
    @Option("The table below root; empty looks for fer2013.csv and icml_face_data.csv, then for folders.")
    var file = ""
  }

  private let options: Options
  private let root: String

  init(_ options: Options) throws(BuildIssue) {
    self.options = options
    root = try options.root.required("the folder that holds fer2013.csv")
  }

  /// Reads the table with its pixels, or lists the folders.
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    if options.file.isEmpty, let folder = Self.splitFolder(options.split, in: root), Self.tableIn(root) == nil
    {
      var folders = ClassFolders.Options()
      (folders.root, folders.split, folders.order) = (options.root, folder, ClassOrder.fer2013.name)
      return try ClassFolders(folders).load(request)
    }
    let table = try Self.table(in: root, named: options.file)
    return try faces(in: table, request)
  }

  private func faces(in path: String, _ request: DataRequest) throws(DataProblem) -> LoadedPixelFaces {
    let table = try FER2013Table(path)
    guard let emotion = table.emotion else {
      throw DataProblem(path, "has no column \"emotion\"; the first row names \(table.columns.listed)")
    }
    if !table.hasUsage && options.split != .all {
      throw DataProblem(
        path, "has no column \"Usage\" that tells the splits; set split to \"all\" to take every row")
    }
    var match = ClassMatch(request)
    var (samples, pixels, bad, problems) = ([Sample](), [UInt8](), [DataProblem](), ProblemList(path))
    while let row = try table.next(&problems) {
      guard options.split == .all || row.split?.rawValue == options.split.rawValue else { continue }
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
    // The table itself may have been named in place of a folder.
    let folder = FolderListing.isFile(root) ? PathText.folder(of: root) : root
    try request.badImagePolicy(in: folder).check(bad, of: samples.count + bad.count)
    guard !samples.isEmpty else {
      throw DataProblem(path, "holds no rows for the split \"\(options.split.rawValue)\"")
    }
    return LoadedPixelFaces(
      samples, pixels: pixels, of: folder, leftOut: bad, notes: match.notes(samples), tables: [path])
  }

  // MARK: where things are

  private static let tables = ["fer2013.csv", "fer2013/fer2013.csv", "icml_face_data.csv"]

  /// The table below `root`, or `root` itself.
  static func table(in root: String, named: String) throws(DataProblem) -> String {
    if named.isEmpty, FolderListing.isFile(root) { return root }
    return try UsualPlace.file("file", named, tables).path(in: root)
  }

  private static func tableIn(_ root: String) -> String? { try? table(in: root, named: "") }

  private static func splitFolder(_ split: SplitRule.Split, in root: String) -> String? {
    (try? FolderListing.folders(in: root))?.first { SplitNames.split($0)?.rawValue == split.rawValue }
  }

  /// A table whose first row is FER2013's. Its folders are recognised as class folders.
  static func recognise(_ root: String) -> RecognisedLayout? {
    guard let path = tableIn(root), let table = try? FER2013Table(path), let emotion = table.emotion else {
      return nil
    }
    var (problems, splits, present) = (ProblemList(path), Set<String>(), Set<String>())
    while let row = try? table.next(&problems) {
      splits.insert(row.split?.rawValue ?? "all")
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
    /// Nil where the table does not say.
    let split: DataSplit?
    let pixels: ArraySlice<UInt8>
  }

  /// What `Usage` says.
  static let usages: [String: DataSplit] = [
    "Training": .train, "PublicTest": .validation, "PrivateTest": .test,
  ]

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
      var split: DataSplit?
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
