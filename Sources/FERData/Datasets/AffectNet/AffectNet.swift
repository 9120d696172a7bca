import FERCore
import NeuralKit
import Support

/// AffectNet (Mollahosseini, Hasani and Mahoor 2017), in both forms it has been distributed in.
///
///     training.csv, validation.csv            subDirectory_filePath,face_x,...,expression,valence,arousal
///     Manually_Annotated_Images/1/a.jpg       the images of these paths
///
///     train_set/annotations/17_exp.npy        the expression of train_set/images/17.jpg; val_set likewise
///
/// Expressions 0...7 are classes; 8 none, 9 uncertain and 10 no face are left out.
struct AffectNet: Dataset {
  struct Options: ComponentOptions {
    @Option("The folder that holds training.csv, or train_set.") var root: FilePath = ""
    @Option("Which images.") var split = TrainingSplit.train
    @Option(
      "The table of this split below root; empty looks for training.csv or validation.csv, then for train_set or val_set."
    )
    var file = ""
    @Option("The folder of the images below root; empty looks for Manually_Annotated_Images and the like.")
    var images = ""
    @Option("Whether images are cut to the box of the face that the table gives.") var cropToFace = false
    @Option("An image that is listed twice with the same expression: an error, or taken once.")
    var onDuplicate = Duplicate.fail

    enum Duplicate: String, OptionChoice { case fail, first }
  }

  static let expressions = ClassOrder.affectNet
  /// What the numbers after the classes mean.
  private static let noClass = 8...10

  private let options: Options
  private let root: String

  init(_ options: Options) throws(BuildIssue) {
    self.options = options
    root = try options.root.required("the folder that holds training.csv or train_set")
  }

  /// Reads the annotations and looks at the first bytes of each image.
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    if options.file.isEmpty, let folder = Self.annotations(options.split).found(in: root),
      Self.table("", options.split).found(in: root) == nil
    {
      guard !options.cropToFace else {
        throw DataProblem(folder, "holds no boxes of faces; take cropToFace out of the recipe")
      }
      let images = PathText.folder(of: folder) + "/images"
      return try load(try Self.entries(in: folder), images, folder, request)
    }
    let table = try Self.table(options.file, options.split).path(in: root)
    let images = try Self.images(options.images).path(in: root)
    let entries = try AffectNetTable.entries(table, images, takesFirst: options.onDuplicate == .first)
    return try load(entries, images, table, request, tables: [table])
  }

  /// An image with its number for an expression.
  struct Entry {
    let path: String
    let expression: Int
    var face: FaceBox? = nil
  }

  private func load(
    _ entries: [Entry], _ images: String, _ path: String, _ request: DataRequest, tables: [String] = []
  ) throws(DataProblem) -> LoadedImageFiles {
    var match = ClassMatch(request)
    var (samples, faces, left) = ([Sample](), [FaceBox?](), 0)
    for entry in entries {
      guard let name = Self.expressions.name(of: entry.expression) else {
        left += 1
        continue
      }
      guard let label = match.label(of: name) else { continue }
      samples.append(Sample(id: entry.path, label: label))
      faces.append(entry.face)
    }
    try match.check(path, names: Self.expressions.names)
    guard !samples.isEmpty else { throw DataProblem(path, "lists no images of the recipe's classes") }
    let notes = left == 0 ? [] : ["no expression, uncertain or no face (8, 9, 10), left out: \(left)"]
    return try LoadedImageFiles(
      checking: samples, in: images, of: root, for: request, faces: options.cropToFace ? faces : nil,
      notes: notes + match.notes(samples), tables: tables)
  }

  /// Whether a number may stand in an annotation, and what to say where not.
  static func problem(_ expression: Int?) -> String? {
    guard let expression, expressions.name(of: expression) != nil || noClass.contains(expression) else {
      return "is not in \(expressions.range) or 8...10 (none, uncertain, no face)"
    }
    return nil
  }

  // MARK: where things are

  private static func table(_ named: String, _ split: TrainingSplit) -> UsualPlace {
    let names = split == .train ? ["training.csv", "train.csv"] : ["validation.csv", "val.csv"]
    return .file(
      "file", named,
      names.flatMap { [$0, "Manually_Annotated_file_lists/\($0)", "Manually_Annotated/\($0)"] })
  }

  private static func images(_ named: String) -> UsualPlace {
    .folder(
      "images", named,
      [
        "Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images",
        "Manually_Annotated_compressed", "Manually_Annotated", "images",
      ])
  }

  private static func annotations(_ split: TrainingSplit) -> UsualPlace {
    .folder(
      "root", "",
      split == .train ? ["train_set/annotations"] : ["val_set/annotations", "validation_set/annotations"])
  }

  // MARK: annotations in .npy files

  private static func entries(in folder: String) throws(DataProblem) -> [Entry] {
    let ending = "_exp.npy"
    let names = try FolderListing.entries(in: folder).filter { $0.hasSuffix(ending) }
      .map { String($0.dropLast(ending.count)) }
    guard !names.isEmpty else { throw DataProblem(folder, "holds no files whose names end in \(ending)") }
    let images = try imageNames(PathText.folder(of: folder) + "/images")
    var (entries, problems) = ([Entry](), ProblemList(folder))
    for name in names.sorted(by: { (Int($0) ?? Int.max, $0) < (Int($1) ?? Int.max, $1) }) {
      do throws(DataProblem) {
        let number = try NumpyFile(path: "\(folder)/\(name)\(ending)").wholeNumber
        if let problem = problem(number) {
          problems.add(
            "\(name)\(ending): the expression \(number.map(String.init) ?? "(no single whole number)") \(problem)"
          )
        }
        entries.append(Entry(path: images[name] ?? "\(name).jpg", expression: number ?? 8))
      } catch { problems.add(error, in: name + ending) }
    }
    try problems.check()
    return entries
  }

  /// File names by their stems: images are `17.jpg`, now and then `17.png`.
  private static func imageNames(_ folder: String) throws(DataProblem) -> [String: String] {
    let names = try FolderListing.entries(in: folder)
    return Dictionary(
      names.compactMap { name in name.lastIndex(of: ".").map { (String(name[..<$0]), name) } },
      uniquingKeysWith: { a, _ in a })
  }

  /// AffectNet's tables or folders of annotations.
  static func recognise(_ root: String) -> RecognisedLayout? {
    var (parts, present) = ([RecognisedLayout.Part](), Set<Int>())
    for split in TrainingSplit.allCases {
      let entries: [Entry]?
      if let path = table("", split).found(in: root), let images = images("").found(in: root) {
        entries = try? AffectNetTable.entries(path, images, takesFirst: true)
      } else if let folder = annotations(split).found(in: root) {
        entries = try? Self.entries(in: folder)
      } else {
        continue
      }
      guard let entries else { continue }
      parts.append(.init(split.rawValue, [.root(root), .init("split", .string(split.rawValue))]))
      present.formUnion(entries.map(\.expression))
    }
    guard !parts.isEmpty else { return nil }
    return RecognisedLayout(
      "affectnet",
      classes: expressions.names.enumerated().filter { present.contains($0.offset) }.map(\.element),
      parts: parts)
  }
}
