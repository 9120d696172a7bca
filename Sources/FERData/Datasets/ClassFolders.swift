import FERCore
import NeuralKit
import Support

/// Images in folders, one folder for each class: `root/split/happy/0001.jpg`.
///
/// Folders are matched to the recipe's classes by name, in any case and with the usual synonyms ("happy",
/// "happiness", "joy"); numbers only where `order` says whose they are. Subfolders are searched too. Besides what has one
/// of the usual endings, whatever is an image by its first bytes is read; what else lies there is counted and told.
/// Hidden files and folders are passed over, and those of systems, such as `Thumbs.db` and `__MACOSX`.
struct ClassFolders: Dataset {
  struct Options: ComponentOptions {
    @Option("The folder that holds the splits or classes.") var root: FilePath = ""
    @Option("The folder of this split below root, such as train; empty where root holds the classes.")
    var split = ""
    @Option(
      "Endings of image files, in any case. Where nothing is said, what is an image by its content is one too; a list "
        + "without entries takes every file.")
    var extensions = ImageKind.endings
    @Option("The most images of each class, the first by name; 0 takes all.", 0...) var limit = 0
    @Option(
      "What folders named by numbers mean: the order of a dataset's authors.",
      oneOf: [""] + ClassOrder.all.map(\.name))
    var order = ""
    @Option("A file name's part before this text is its group (a person, a video); empty makes no groups.")
    var groupSeparator = ""
    @Option("Whether a subfolder of the class folder is a group (a person, a video).")
    var groupByFolder = false

    /// Whether a file of another ending may be an image: not where somebody has chosen the endings.
    var looksAtContents: Bool { extensions == Self().extensions }

    /// What is wrong between options.
    func issues() -> [OptionIssue] {
      var issues: [OptionIssue] = []
      if PathText.parts(split).contains("..") || PathText.isAbsolute(split) {
        issues.append(OptionIssue("split", "must be a folder below root, is \"\(split)\""))
      }
      if groupByFolder && !groupSeparator.isEmpty {
        issues.append(OptionIssue("groupSeparator", "cannot be used together with groupByFolder"))
      }
      return issues
    }
  }

  private let options: Options
  private let root: String

  init(_ options: Options) throws(BuildIssue) {
    self.options = options
    root = try options.root.required("the folder that holds the images")
  }

  /// Lists the folders and looks at the first bytes of each file.
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    let folder = options.split.isEmpty ? root : "\(root)/\(options.split)"
    let found = try classFolders(in: folder, request)
    var (samples, remarks) = ([Sample](), ClassFolderRemarks(in: folder, options, request))
    for label in request.classes.indices {
      remarks.add(folders: found[label], of: label)
      let before = samples.count
      for name in found[label] {
        let contents = try options.contents(of: "\(folder)/\(name)")
        if let problem = contents.unreadable.first { throw problem }
        guard !contents.images.isEmpty else {
          throw DataProblem("\(folder)/\(name)", contents.nothing(calledImages: options.extensions))
        }
        remarks.add(contents, of: name, label: label)
        samples += contents.images.prefix(remaining(samples.count - before)).map { file in
          Sample(id: "\(name)/\(file)", label: label, group: group(of: file))
        }
      }
    }
    guard !samples.isEmpty else { throw DataProblem(folder, "holds no images") }
    return try LoadedImageFiles(
      checking: samples, in: folder, of: root, for: request, notes: remarks.notes, warnings: remarks.warnings)
  }

  private func remaining(_ taken: Int) -> Int { options.limit == 0 ? Int.max : max(0, options.limit - taken) }

  /// The names of the folders of each class.
  private func classFolders(in folder: String, _ request: DataRequest) throws -> [[String]] {
    let classes = request.classes
    let names = try FolderListing.folders(in: folder)
    var found = [[String]](repeating: [], count: classes.count)
    var unknown: [String] = []
    for name in names where !request.ignore.contains(name) {
      let meaning = Int(name).flatMap { ClassOrder.named(options.order)?.name(of: $0) } ?? name
      if let label = ExpressionNames.index(of: meaning, in: classes) {
        found[label].append(name)
      } else {
        unknown.append(name)
      }
    }
    let areSplits = options.split.isEmpty && names.count == unknown.count && Self.hasSplits(names)
    if let first = unknown.first, !areSplits {
      let more = unknown.count > 1 ? " (nor for \(unknown.count - 1) other folders)" : ""
      throw DataProblem(
        "\(folder)/\(first)",
        "the recipe has no class for this folder\(more)\(NearestName.suggestion(for: first, among: classes)); "
          + "classes: \(classes.joined(separator: ", ")); name it in `ignore` to leave it out"
          + (Int(first) != nil && options.order.isEmpty ? ", or say in `order` whose numbers these are" : ""))
    }
    let missing = classes.indices.filter { found[$0].isEmpty }.map { classes[$0] }
    guard missing.isEmpty || (request.allowMissing && missing.count < classes.count) else {
      throw DataProblem(folder, Self.text(missing: missing, present: names))
    }
    return found
  }

  private static func hasSplits(_ names: [String]) -> Bool { names.contains { SplitNames.split($0) != nil } }

  private static func text(missing: [String], present: [String]) -> String {
    let folders = present.isEmpty ? "no folders" : "the folders \(present.prefix(12).joined(separator: ", "))"
    return "has no folder for the class\(missing.count == 1 ? "" : "es") \(missing.joined(separator: ", ")); "
      + "it holds \(folders)" + (hasSplits(present) ? "; choose one of them with `split`" : "")
  }

  private func group(of file: String) -> String {
    let parts = PathText.parts(file)
    if options.groupByFolder { return parts.dropLast().joined(separator: "/") }
    guard !options.groupSeparator.isEmpty, let name = parts.last,
      let end = name.firstRange(of: options.groupSeparator)
    else { return "" }
    return String(name[..<end.lowerBound])
  }
}

extension ClassFolders {
  /// Folders that all hold images, or folders named after splits that hold such.
  static func recognise(_ root: String) -> RecognisedLayout? {
    guard let place = ClassFolderPlace(root), place.names.count > 1,
      place.names.allSatisfy({
        (try? Options().contents(of: "\(place.folder)/\($0)"))?.images.isEmpty == false
      })
    else { return nil }
    return layout(root, place)
  }

  private static func layout(_ root: String, _ place: ClassFolderPlace) -> RecognisedLayout {
    let (folder, names, splits) = (place.folder, place.names, place.splits)
    let order = likelyOrder(names, folder)
    var classes: [String] = []
    for name in names.sorted(by: { (Int($0) ?? 0, $0) < (Int($1) ?? 0, $1) }) {
      let meaning = Int(name).flatMap { order?.name(of: $0) } ?? name
      if ExpressionNames.index(of: meaning, in: classes) == nil { classes.append(meaning) }
    }
    let parts = splits.map { split in
      RecognisedLayout.Part(
        split.key,
        [.root(root)] + (split.folder.isEmpty ? [] : [.init("split", .string(split.folder))])
          + (order.map { [.init("order", .string($0.name))] } ?? []))
    }
    return RecognisedLayout(
      "class-folders", classes: classes,
      remark: order.map {
        "folders are named by numbers; they are taken for those of \($0.name): look whether it is so"
      } ?? "", particularity: -2, parts: parts)
  }

  /// Whose numbers the folders' names are, as far as that can be told: RAF-DB counts from 1, others from 0.
  private static func likelyOrder(_ names: [String], _ folder: String) -> ClassOrder? {
    let numbers = names.compactMap { Int($0) }
    guard numbers.count == names.count else { return nil }
    return [ClassOrder.rafDB, .affectNet].first { order in numbers.allSatisfy { order.name(of: $0) != nil } }
  }
}
