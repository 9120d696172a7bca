import FERCore
import NeuralKit

/// FERG-DB (Aneja, Colburn, Faigin, Shapiro and Mones 2016): drawn characters, each in a folder of its own.
///
///     aia/aia_anger/aia_anger_1.png      character / character_expression / picture
///
/// The character is the group. The authors made no split: `heldOut` names the characters that test, otherwise images or
/// characters are drawn.
public final class FERGDB: RecognisableLayout {
  /// The settings of ``FERGDB``.
  public struct Options: ImageOptions {
    @Option("The folder that holds the characters.") public var root: FilePath = ""
    @Option("Which images.", oneOf: ["train", "validation", "test", "all"]) public var split = "train"
    @Option("The characters that test, such as [\"mery\"]; empty draws testShare of all.") public var heldOut:
      [String] = []
    @Option(
      "What is drawn: images, so that a character is in every split, or whole characters.",
      oneOf: ["image", "character"])
    public var splitBy = "image"
    @Option(
      "The share that validation takes; where characters are held out, of the images of the others.", 0..<1)
    public var validationShare = 0.1
    @Option("The share that testing takes where no character is held out.", 0..<1) public var testShare = 0.2
    @Option("Changes what is drawn.", 0...) public var seed = 1
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
    public func issues() -> [OptionIssue] { rule.issues() }

    fileprivate var rule: SplitRule {
      SplitRule(
        split: split, heldOut: heldOut, byGroup: splitBy == "character", validationShare: validationShare,
        testShare: testShare, seed: seed)
    }
  }

  private static let names = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]

  private let options: Options

  /// - Throws: ``BuildIssue`` where no folder is named.
  public init(_ options: Options, in context: inout BuildContext) throws {
    guard !options.root.isEmpty else {
      throw BuildIssue("root", "must name the folder that holds the characters")
    }
    self.options = options
  }

  /// Lists the folders and looks at the first bytes of each image.
  /// - Throws: a ``DataProblem``.
  public func load(classes: [String]) throws -> any LoadedDataset {
    let root = Self.folder(options.root.text)
    var (samples, problems) = ([Sample](), ProblemList(root))
    var match = ClassMatch(classes, ignore: options.ignore, allowMissing: options.allowMissing)
    for character in try FolderListing.folders(in: root) {
      for folder in try FolderListing.folders(in: "\(root)/\(character)") {
        let files = try FolderListing.files(
          in: "\(root)/\(character)/\(folder)", endings: ["png", "jpg", "jpeg"])
        guard let expression = Self.expression(of: folder, character) else {
          problems.add(
            "\(character)/\(folder) is not named after its character and one of "
              + Self.names.joined(separator: ", "))
          continue
        }
        if files.isEmpty {
          problems.add("\(character)/\(folder) holds no images; files that end in png, jpg, jpeg are")
        }
        for file in files {
          guard let label = match.label(of: expression) else { continue }
          samples.append(Sample(id: "\(character)/\(folder)/\(file)", label: label, group: character))
        }
      }
    }
    try problems.check()
    try match.check(root, names: Self.names)
    guard !samples.isEmpty else {
      throw DataProblem(root, "holds no folders of characters, such as aia/aia_anger, with images in them")
    }
    let own = try options.rule.chosen(of: samples, classes: classes, root)
    return try LoadedImageFiles(checking: own, in: root, options.policy, notes: match.notes(own))
  }

  /// The folder of the characters: `root`, or the one in it that the authors' archive makes.
  private static func folder(_ root: String) -> String {
    let inner = "\(root)/FERG_DB_256"
    return FolderListing.isFolder(inner) ? inner : root
  }

  private static func expression(of folder: String, _ character: String) -> String? {
    guard folder.lowercased().hasPrefix(character.lowercased() + "_") else { return nil }
    return ExpressionNames.index(of: String(folder.dropFirst(character.count + 1)), in: names).map {
      names[$0]
    }
  }

  /// Folders of characters whose folders are named after character and expression.
  public static func recognise(_ root: String) -> RecognisedLayout? {
    let folder = folder(root)
    guard let characters = try? FolderListing.folders(in: folder), !characters.isEmpty else { return nil }
    let found = characters.compactMap { character in
      (try? FolderListing.folders(in: "\(folder)/\(character)"))?.compactMap { expression(of: $0, character) }
    }
    guard found.count == characters.count, found.allSatisfy({ !$0.isEmpty }) else { return nil }
    let present = Set(found.joined())
    return RecognisedLayout(
      "ferg-db", classes: names.filter(present.contains),
      remark:
        "characters: \(characters.joined(separator: ", ")); heldOut names those that test, otherwise images are drawn",
      parts: ["train", "validation", "test"].map { .init($0, [.root(root), .init("split", .string($0))]) })
  }
}
