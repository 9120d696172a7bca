import FERCore
import NeuralKit

/// Images in folders, one folder for each class: `root/split/happy/0001.jpg`.
///
/// Folders are matched to the recipe's classes by name, in any case and with the usual synonyms ("happy",
/// "happiness", "joy"). Subfolders are searched too. Files that begin with a dot, and `Thumbs.db`, are no images.
public final class ClassFolders: Dataset {
  /// The settings of ``ClassFolders``.
  public struct Options: ComponentOptions {
    @Option("The folder that holds the splits or classes.") public var root: FilePath = ""
    @Option("The folder of this split below root, such as train; empty where root holds the classes.")
    public var split = ""
    @Option("Endings of image files, in any case; a list without entries takes every file.")
    public var extensions = ["jpg", "jpeg", "png", "tif", "tiff"]
    @Option("What to do with an image that cannot be read.", oneOf: BadImagePolicy.words)
    public var onBadImage = "fail"
    @Option("The share of bad images up to which skipping or quarantine goes on.", 0...1) public var skipUpTo = 0.01
    @Option("The file that lists the images in quarantine; what it lists is not read again.")
    public var quarantine: FilePath = ""
    @Option("The most images of each class, the first by name; 0 takes all.", 0...) public var limit = 0
    @Option("Class folders to leave out.") public var ignore: [String] = []
    @Option("Whether a class of the recipe may have no folder.") public var allowMissing = false
    @Option("A file name's part before this text is its group (a person, a video); empty makes no groups.")
    public var groupSeparator = ""
    @Option("Whether a subfolder of the class folder is a group (a person, a video).")
    public var groupByFolder = false

    /// The defaults.
    public init() {}

    /// What is wrong between options.
    public func issues() -> [OptionIssue] {
      var issues = BadImagePolicy.issues(onBadImage, list: quarantine)
      if split.split(separator: "/").contains("..") || split.hasPrefix("/") {
        issues.append(OptionIssue("split", "must be a folder below root, is \"\(split)\""))
      }
      if groupByFolder && !groupSeparator.isEmpty {
        issues.append(OptionIssue("groupSeparator", "cannot be used together with groupByFolder"))
      }
      return issues
    }
  }

  private let options: Options
  private let limits: ImageFile.Limits

  /// - Throws: ``BuildIssue`` where no folder is named.
  public init(_ options: Options, in context: inout BuildContext) throws {
    guard !options.root.isEmpty else { throw BuildIssue("root", "must name the folder that holds the images") }
    self.options = options
    limits = ImageFile.Limits(pixels: context.pixelLimit)
  }

  /// Lists the folders and looks at the first bytes of each file.
  /// - Throws: a ``DataProblem`` that names the folder or file.
  public func load(classes: [String]) throws -> any LoadedDataset {
    let folder = options.split.isEmpty ? options.root.text : "\(options.root.text)/\(options.split)"
    let found = try classFolders(in: folder, classes)
    var samples: [Sample] = []
    for label in classes.indices {
      let before = samples.count
      for name in found[label] {
        samples += try images(in: name, of: folder, label: label, upTo: remaining(samples.count - before))
      }
    }
    guard !samples.isEmpty else { throw DataProblem(folder, "holds no images; \(expected)") }
    return try sorted(out: samples, folder)
  }

  private var expected: String {
    options.extensions.isEmpty
      ? "any file would do" : "files that end in \(options.extensions.joined(separator: ", ")) are images"
  }

  private func remaining(_ taken: Int) -> Int { options.limit == 0 ? Int.max : max(0, options.limit - taken) }

  /// The names of the folders of each class.
  private func classFolders(in folder: String, _ classes: [String]) throws -> [[String]] {
    let names = try FolderListing.folders(in: folder)
    var found = [[String]](repeating: [], count: classes.count)
    var unknown: [String] = []
    for name in names where !options.ignore.contains(name) {
      if let label = ExpressionNames.index(of: name, in: classes) {
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
          + "classes: \(classes.joined(separator: ", ")); name it in `ignore` to leave it out")
    }
    let missing = classes.indices.filter { found[$0].isEmpty }.map { classes[$0] }
    guard missing.isEmpty || (options.allowMissing && missing.count < classes.count) else {
      throw DataProblem(folder, Self.text(missing: missing, present: names))
    }
    return found
  }

  private static func hasSplits(_ names: [String]) -> Bool {
    names.contains { ["train", "validation", "valid", "val", "test"].contains($0.lowercased()) }
  }

  private static func text(missing: [String], present: [String]) -> String {
    let folders = present.isEmpty ? "no folders" : "the folders \(present.prefix(12).joined(separator: ", "))"
    return "has no folder for the class\(missing.count == 1 ? "" : "es") \(missing.joined(separator: ", ")); "
      + "it holds \(folders)" + (hasSplits(present) ? "; choose one of them with `split`" : "")
  }

  private func images(in name: String, of folder: String, label: Int, upTo limit: Int) throws -> [Sample] {
    let files = try FolderListing.files(in: "\(folder)/\(name)", endings: options.extensions)
    if files.isEmpty { throw DataProblem("\(folder)/\(name)", "holds no images; \(expected)") }
    return files.prefix(limit).map { file in
      Sample(id: "\(name)/\(file)", label: label, group: group(of: file))
    }
  }

  private func group(of file: String) -> String {
    let parts = file.split(separator: "/")
    if options.groupByFolder { return parts.dropLast().joined(separator: "/") }
    guard !options.groupSeparator.isEmpty, let name = parts.last,
      let end = name.firstRange(of: options.groupSeparator)
    else { return "" }
    return String(name[..<end.lowerBound])
  }

  /// Looks at the size and the first bytes of each file: an empty file or a text should not come to light in the
  /// middle of an epoch.
  private func sorted(out samples: [Sample], _ folder: String) throws -> LoadedClassFolders {
    var good: [Sample] = []
    var bad: [DataProblem] = []
    for sample in samples {
      if let problem = ImageFile.quickProblem(path: "\(folder)/\(sample.id)") {
        bad.append(problem)
      } else {
        good.append(sample)
      }
    }
    let policy = BadImagePolicy(options.onBadImage, upTo: options.skipUpTo, list: options.quarantine)
    if let first = bad.first, let problem = policy.problem(bad: bad.count, of: samples.count, first: first) {
      let others = bad.dropFirst().prefix(4).map { "\n  also \($0)" }.joined()
      let rest = bad.count > 5 ? "\n  and \(bad.count - 5) more" : ""
      throw DataProblem(problem.path, problem.message + others + rest)
    }
    guard !good.isEmpty else { throw DataProblem(folder, "holds no readable images") }
    return LoadedClassFolders(folder: folder, samples: good, badImagePolicy: policy, leftOut: bad, limits: limits)
  }
}

/// Images on disk whose names and classes are known.
public struct LoadedClassFolders: TolerantDataset {
  /// The folder that holds the class folders.
  public let folder: String
  /// Every image with its class, in the order of classes and names.
  public let samples: [Sample]
  /// What to do with images that cannot be decoded.
  public let badImagePolicy: BadImagePolicy
  /// What was left out because its size or first bytes are wrong.
  public let leftOut: [DataProblem]
  /// What an image may claim of itself.
  let limits: ImageFile.Limits

  /// The file of a sample.
  public func path(at index: Int) -> String { "\(folder)/\(samples[index].id)" }

  /// Reads and decodes one file.
  /// - Throws: a ``DataProblem`` that names it.
  public func image(at index: Int) throws -> Image {
    try ImageFile.decode(path: path(at: index), limits: limits)
  }
}
