import FERCore

/// Where a dataset's files lie: as its authors lay them out, or as an option says.
public struct UsualPlace {
  /// The option that names another place.
  private let option: String
  /// What the option says, below root; "" looks in the usual places.
  private let named: String
  /// The usual places below root; the first that exists is taken.
  private let places: [String]
  /// Whether a folder is wanted.
  private let isFolder: Bool

  /// A file that lies at one of `places` below root, or where the option of that key says.
  /// - Parameter named: what the option says; "" looks in the usual places.
  public static func file(_ option: String, _ named: String, _ places: [String]) -> UsualPlace {
    UsualPlace(option: option, named: named, places: places, isFolder: false)
  }

  /// A folder that lies at one of `places` below root, or where the option of that key says.
  /// - Parameter named: what the option says; "" looks in the usual places.
  public static func folder(_ option: String, _ named: String, _ places: [String]) -> UsualPlace {
    UsualPlace(option: option, named: named, places: places, isFolder: true)
  }

  /// The first of the usual places that exists; nil where none does.
  public func found(in root: String) -> String? {
    places.lazy.map { $0.isEmpty ? root : "\(root)/\($0)" }.first(where: exists)
  }

  /// The path.
  /// - Throws: a ``DataProblem`` that says what was looked for.
  public func path(in root: String) throws(DataProblem) -> String {
    if !named.isEmpty {
      let path = try ListedPath.option(option, named, below: root)
      guard exists(path) else { throw DataProblem(path, "there is no such \(kind); `\(option)` names it") }
      return path
    }
    guard FolderListing.isFolder(root) else { throw DataProblem(root, "is no folder, or does not exist") }
    if let path = found(in: root) { return path }
    let usual = places.prefix(6).joined(separator: ", ")
    throw DataProblem(
      root, "holds no \(kind) \(usual)\(places.count > 6 ? " ..." : ""); say where it is with `\(option)`")
  }

  private func exists(_ path: String) -> Bool {
    isFolder ? FolderListing.isFolder(path) : FolderListing.isFile(path)
  }

  private var kind: String { isFolder ? "folder" : "file" }
}
