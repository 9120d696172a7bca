import FERCore
import NeuralKit

/// RAF-DB, basic expressions (Li, Deng and Du 2017), as its authors distribute it.
///
///     EmoLabel/list_patition_label.txt     train_00001.jpg 5 (labels count from 1)
///     Image/aligned/train_00001_aligned.jpg
///     Image/original/train_00001.jpg
///
/// The names say which images are for training and which for testing. `root` is the folder that holds these, or the one
/// above it, called `basic`.
public final class RAFDB: RecognisableLayout {
  /// The settings of ``RAFDB``.
  public struct Options: ImageOptions {
    @Option("The folder that holds EmoLabel and Image.") public var root: FilePath = ""
    @Option("Which images.", oneOf: ["train", "validation", "test"]) public var split = "train"
    @Option(
      "The share of the training images that validation takes from train; the authors made no such split.",
      0..<1)
    public var validationShare = 0.0
    @Option("Changes which images validation takes.", 0...) public var seed = 1
    @Option(
      "Faces cut out and turned upright by the authors, or whole photographs.",
      oneOf: ["aligned", "original"])
    public var variant = "aligned"
    @Option("The list of labels below root; empty looks for list_patition_label.txt.") public var list = ""
    @Option("The folder of images below root; empty looks for Image/aligned or Image/original.") public
      var images = ""
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

    /// What is wrong between options.
    public func issues() -> [OptionIssue] {
      SplitRule(split: split == "test" ? "train" : split, validationShare: validationShare, seed: seed)
        .issues()
    }
  }

  private let options: Options

  /// - Throws: ``BuildIssue`` where no folder is named.
  public init(_ options: Options, in context: inout BuildContext) throws {
    guard !options.root.isEmpty else {
      throw BuildIssue("root", "must name the folder that holds EmoLabel and Image")
    }
    self.options = options
  }

  /// Reads the list and looks at the first bytes of each image.
  /// - Throws: a ``DataProblem``.
  public func load(classes: [String]) throws -> any LoadedDataset {
    let root = options.root.text
    let list = try Self.list(options.list).path(in: root)
    let images = try Self.images(options.images, options.variant).path(in: root)
    let entries = try Self.entries(list)
    var match = ClassMatch(classes, ignore: options.ignore, allowMissing: options.allowMissing)
    let files = Set(try FolderListing.entries(in: images))
    let part = options.split == "test" ? "test_" : "train_"
    var samples: [Sample] = []
    for entry in entries where entry.name.hasPrefix(part) {
      guard let label = match.label(of: ClassOrder.rafDB.name(of: entry.label) ?? "") else { continue }
      samples.append(Sample(id: file(of: entry.name, among: files), label: label))
    }
    try match.check(list, names: ClassOrder.rafDB.names)
    guard !samples.isEmpty else { throw DataProblem(list, "lists no images whose names begin with \(part)") }
    if options.split != "test" {
      let rule = SplitRule(split: options.split, validationShare: options.validationShare, seed: options.seed)
      samples = try rule.chosen(of: samples, classes: classes, list)
    }
    return try LoadedImageFiles(checking: samples, in: images, options.policy, notes: match.notes(samples))
  }

  /// `train_00001.jpg` is `train_00001_aligned.jpg` in the folder of aligned images.
  private func file(of name: String, among files: Set<String>) -> String {
    guard options.variant == "aligned", let dot = name.lastIndex(of: "."), !name[..<dot].hasSuffix("_aligned")
    else {
      return name
    }
    let aligned = name[..<dot] + "_aligned" + name[dot...]
    return files.contains(name) && !files.contains(String(aligned)) ? name : String(aligned)
  }

  // MARK: the list

  private static func list(_ named: String) -> UsualPlace {
    let names = ["list_patition_label.txt", "list_partition_label.txt"]
    return .file("list", named, names.flatMap { ["EmoLabel/\($0)", "basic/EmoLabel/\($0)", $0] })
  }

  private static func images(_ named: String, _ variant: String) -> UsualPlace {
    .folder("images", named, ["Image/\(variant)", "basic/Image/\(variant)", variant, "Image"])
  }

  private struct Entry {
    let name: String
    let label: Int
  }

  private static func entries(_ path: String) throws(DataProblem) -> [Entry] {
    let reader = try TableReader(path, separator: .spaces)
    var (entries, lines, problems) = ([Entry](), [String: (line: Int, label: Int)](), ProblemList(path))
    var (lowest, highest) = (Int.max, Int.min)
    while let row = try reader.next() {
      guard row.fields.count == 2 else {
        problems.add(line: row.line, "has \(row.fields.count) words, should have two: a name and a label")
        continue
      }
      guard let name = row.text(0), name.hasPrefix("train_") || name.hasPrefix("test_"), !name.contains("/")
      else {
        problems.add(line: row.line, "\(row.shown(0)) is no image name that begins with train_ or test_")
        continue
      }
      guard let label = row.number(1), ClassOrder.rafDB.name(of: label) != nil else {
        problems.add(line: row.line, "label \(row.shown(1)) of \(name) is not in \(ClassOrder.rafDB.range)")
        lowest = min(lowest, row.number(1) ?? lowest)
        continue
      }
      (lowest, highest) = (min(lowest, label), max(highest, label))
      if let before = lines.updateValue((row.line, label), forKey: name) {
        problems.add(
          line: row.line,
          "\(name) is listed twice, first in line \(before.line)"
            + (before.label == label ? "" : " with label \(before.label), now \(label)"))
        continue
      }
      entries.append(Entry(name: name, label: label))
    }
    try problems.check(
      hint: lowest == 0 && highest < 7 ? "Do the labels count from 0? RAF-DB's count from 1." : "")
    guard !entries.isEmpty else { throw DataProblem(path, "lists no images") }
    return entries
  }

  /// A list of labels whose first lines are RAF-DB's.
  public static func recognise(_ root: String) -> RecognisedLayout? {
    guard let path = list("").found(in: root), let entries = try? entries(path) else { return nil }
    let present = Set(entries.map(\.label))
    let aligned = images("", "aligned").found(in: root) != nil
    let shared = [.root(root)] + (aligned ? [] : [RecognisedLayout.Setting("variant", .string("original"))])
    let share = RecognisedLayout.Setting("validationShare", .double(0.05))
    let parts = ["train", "validation", "test"].map { split in
      RecognisedLayout.Part(
        split, shared + [.init("split", .string(split))] + (split == "test" ? [] : [share]))
    }
    return RecognisedLayout(
      "raf-db",
      classes: ClassOrder.rafDB.names.enumerated().filter { present.contains($0.offset + 1) }.map(\.element),
      remark: "the authors made no validation split; a share of the training images is put aside for it",
      parts: parts)
  }
}
