import ARBEx

/// A folder with a table `pairs.csv` of paths and classes.
///
///     path,label
///     faces/17.png,happy
final class Pairs: Dataset {
  struct Options: ComponentOptions {
    @Option("The folder that holds pairs.csv; its paths start there.") var root: FilePath = ""
  }

  private struct Row {
    let path, label: String
  }

  private let root: String

  init(_ options: Options) throws {
    root = try options.root.required("the folder that holds pairs.csv")
  }

  func load(_ request: DataRequest) throws -> any LoadedDataset {
    let rows = try Self.rows(in: root)
    var match = ClassMatch(request)
    let samples = rows.compactMap { row in
      match.label(of: row.label).map { Sample(id: row.path, label: $0) }
    }
    try match.check(Self.table(in: root), names: Self.classes(rows))
    return try LoadedImageFiles(
      checking: samples, in: root, of: root, for: request, notes: match.notes(samples))
  }

  static func recognise(_ path: String) -> RecognisedLayout? {
    guard let rows = try? rows(in: path) else { return nil }
    return RecognisedLayout("pairs", classes: classes(rows), parts: [.init("train", [.root(path)])])
  }

  private static func table(in root: String) -> String { "\(root)/pairs.csv" }

  private static func classes(_ rows: [Row]) -> [String] { Set(rows.map(\.label)).sorted() }

  private static func rows(in root: String) throws -> [Row] {
    let reader = try TableReader(table(in: root))
    let columns = try TableColumns(of: reader)
    let path = try columns.required("path", reader.path)
    let label = try columns.required("label", reader.path)
    var (rows, problems) = ([Row](), ProblemList(reader.path))
    while let row = try reader.next() {
      guard columns.fit(row, &problems) else { continue }
      switch ListedPath.below(root, row.text(path) ?? "") {
      case .success(let place): rows.append(Row(path: place, label: row.text(label) ?? ""))
      case .failure(let refusal):
        problems.add(line: row.line, "the path \(row.shown(path)) \(refusal.reason)")
      }
    }
    try problems.check()
    return rows
  }
}
