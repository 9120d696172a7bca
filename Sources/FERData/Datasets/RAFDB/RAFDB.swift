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
struct RAFDB: Dataset {
  struct Options: ComponentOptions {
    @Option("The folder that holds EmoLabel and Image.") var root: FilePath = ""
    @Option("Which images.") var split = DataSplit.train
    @Option(
      "The share of the training images that validation takes from train; the authors made no such split.",
      0..<1)
    var validationShare = 0.0
    @Option("Changes which images validation takes.", 0...) var seed = 1
    @Option("Faces cut out and turned upright by the authors, or whole photographs.")
    var variant = Variant.aligned
    @Option("The list of labels below root; empty looks for list_patition_label.txt.") var list = ""
    @Option("The folder of images below root; empty looks for Image/aligned or Image/original.")
    var images = ""

    enum Variant: String, OptionChoice { case aligned, original }

    func issues() -> [OptionIssue] { rule.issues() }

    /// How the training images are shared out; the authors tell which are for testing.
    fileprivate var rule: SplitRule {
      var rule = SplitRule()
      rule.split = split == .validation ? .validation : .train
      (rule.validationShare, rule.testShare, rule.seed) = (validationShare, 0, seed)
      return rule
    }
  }

  private let options: Options
  private let root: String

  init(_ options: Options) throws(BuildIssue) {
    self.options = options
    root = try options.root.required("the folder that holds EmoLabel and Image")
  }

  /// Reads the list and looks at the first bytes of each image.
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    let list = try Self.list(options.list).path(in: root)
    let images = try Self.images(options.images, options.variant).path(in: root)
    let entries = try Self.entries(list)
    var match = ClassMatch(request)
    let files = Set(try FolderListing.entries(in: images))
    let part = options.split == .test ? "test_" : "train_"
    var samples: [Sample] = []
    for entry in entries where entry.name.hasPrefix(part) {
      guard let label = match.label(of: ClassOrder.rafDB.name(of: entry.label) ?? "") else { continue }
      samples.append(Sample(id: file(of: entry.name, among: files), label: label))
    }
    try match.check(list, names: ClassOrder.rafDB.names)
    guard !samples.isEmpty else { throw DataProblem(list, "lists no images whose names begin with \(part)") }
    if options.split != .test {
      samples = try options.rule.chosen(of: samples, classes: request.classes, list)
    }
    var notes = match.notes(samples)
    if let folder = UsualPlace.folder("", "", ["Annotation/manual", "basic/Annotation/manual"]).found(
      in: root)
    {
      let missing = try RAFDBAttributes.read(folder, into: &samples)
      if missing > 0 { notes.append("images without a file of attributes: \(missing)") }
    }
    return try LoadedImageFiles(
      checking: samples, in: images, of: root, for: request, notes: notes, tables: [list])
  }

  /// `train_00001.jpg` is `train_00001_aligned.jpg` in the folder of aligned images.
  private func file(of name: String, among files: Set<String>) -> String {
    guard options.variant == .aligned, let dot = name.lastIndex(of: "."), !name[..<dot].hasSuffix("_aligned")
    else { return name }
    let aligned = name[..<dot] + "_aligned" + name[dot...]
    return files.contains(name) && !files.contains(String(aligned)) ? name : String(aligned)
  }

  // MARK: the list

  private static func list(_ named: String) -> UsualPlace {
    let names = ["list_patition_label.txt", "list_partition_label.txt"]
    return .file("list", named, names.flatMap { ["EmoLabel/\($0)", "basic/EmoLabel/\($0)", $0] })
  }

  private static func images(_ named: String, _ variant: Options.Variant) -> UsualPlace {
    .folder("images", named, ["Image/\(variant)", "basic/Image/\(variant)", "\(variant)", "Image"])
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
  static func recognise(_ root: String) -> RecognisedLayout? {
    guard let path = list("").found(in: root), let entries = try? entries(path) else { return nil }
    let present = Set(entries.map(\.label))
    let aligned = images("", .aligned).found(in: root) != nil
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
