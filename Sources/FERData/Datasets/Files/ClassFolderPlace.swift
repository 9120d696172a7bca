import FERCore
import Support

/// Where class folders would lie, as far as names tell: in the folder itself, or below one named after a split.
package struct ClassFolderPlace {
  /// The folders named after splits: "train" and the like, and the name; one without a name where there are none.
  let splits: [(key: String, folder: String)]
  /// The folder that holds the first split's class folders.
  let folder: String
  /// What would be class folders.
  let names: [String]

  /// Nil where there is no such folder.
  init?(_ root: String) {
    guard let names = try? FolderListing.folders(in: root) else { return nil }
    let splits = DataSplit.allCases.compactMap { split in
      names.first { SplitNames.split($0) == split }.map { (key: split.rawValue, folder: $0) }
    }
    let folder = splits.first.map { "\(root)/\($0.folder)" } ?? root
    guard let inside = splits.isEmpty ? names : try? FolderListing.folders(in: folder) else { return nil }
    (self.splits, self.folder, self.names) = (splits.isEmpty ? [("train", "")] : splits, folder, inside)
  }

  /// Folders without an image that keep those beside them from being taken for class folders, each with what it holds;
  /// none where there is no image at all.
  package static func spoilers(in root: String) -> [String] {
    guard let place = ClassFolderPlace(root) else { return [] }
    let contents = place.names.prefix(1000).map { name in
      let path = "\(place.folder)/\(name)"
      return Result { () throws(DataProblem) in try ClassFolders.Options().contents(of: path) }.map {
        (path, $0)
      }
    }
    guard contents.contains(where: { (try? $0.get())?.1.images.isEmpty == false }) else { return [] }
    return contents.compactMap { found in
      switch found {
      case .success((let path, let contents)):
        contents.images.isEmpty
          ? DataProblem(path, contents.nothing(calledImages: ClassFolders.Options().extensions)).description
          : nil
      case .failure(let problem): problem.description
      }
    }
  }
}

extension ClassFolders.Options {
  /// What lies in a class folder.
  func contents(of folder: String) throws(DataProblem) -> FolderContents {
    try FolderContents(of: folder, endings: extensions, byContent: looksAtContents)
  }
}

extension FolderContents {
  /// What to say of a folder without images.
  func nothing(calledImages endings: [String]) -> String {
    if !others.isEmpty { return "holds no images, but \(others.listedCounts)" }
    return "holds no images; files that end in \(endings.joined(separator: ", ")) are images"
  }
}

/// What there is to say of class folders beside their images.
struct ClassFolderRemarks {
  /// What may be a mistake.
  var warnings: [String] { found + others.asLeftOut }

  /// What is good to know.
  private(set) var notes: [String] = []
  private var found: [String]
  private var others: [String: Int] = [:]
  private let options: ClassFolders.Options
  private let request: DataRequest

  init(in folder: String, _ options: ClassFolders.Options, _ request: DataRequest) {
    (self.options, self.request) = (options, request)
    found = FolderListing.loops(in: folder).map {
      "\("\(folder)/\($0)".printable) is a link that leads back to a folder it lies in; it is passed over"
    }
  }

  /// Takes note of the folders that were found for a class.
  mutating func add(folders names: [String], of label: Int) {
    guard names.count > 1 else { return }
    found.append(
      "the folders \(names.listed()) are taken together as the class \(request.classes[label].printable)")
  }

  /// Takes note of a class folder.
  mutating func add(_ contents: FolderContents, of name: String, label: Int) {
    found += contents.passedOver.map(\.description)
    others.merge(contents.others) { $0 + $1 }
    let outermost = contents.folders.filter { PathText.parts($0.path).count == 1 && $0.images > 0 }
    for folder in contents.folders where folder.images > 0 {
      guard let meaning = meaning(of: PathText.name(of: folder.path), label: label) else { continue }
      found.append(
        "\("\(name)/\(folder.path)".printable) holds \(folder.images) images that count as "
          + "\(request.classes[label].printable), though its name is that of \(meaning); move it out of \(name.printable) if "
          + "it is in the wrong place")
    }
    if !outermost.isEmpty, !options.groupByFolder {
      notes.append(
        "\(name.printable): \(outermost.reduce(0) { $0 + $1.images }) of \(contents.images.count) images lie in folders below it: "
          + outermost.map(\.path).listed(atMost: 5))
    }
  }

  /// "the class sad" where a folder within a class folder bears the name of something else; nil where it does not.
  private func meaning(of name: String, label: Int) -> String? {
    let word = Int(name).flatMap { ClassOrder.named(options.order)?.name(of: $0) } ?? name
    if let other = ExpressionNames.index(of: word, in: request.classes) {
      return other == label ? nil : "the class \(request.classes[other].printable)"
    }
    if ExpressionNames.isKnown(word) || request.ignore.contains(word) { return "the class \(word.printable)" }
    return SplitNames.split(word).map { "the split \($0.rawValue)" }
  }
}
