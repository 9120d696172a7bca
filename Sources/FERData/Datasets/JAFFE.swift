import FERCore
import NeuralKit
import Support

/// JAFFE (Lyons, Akamatsu, Kamachi and Gyoba 1998): 213 pictures of ten women, all in one folder.
///
///     KA.AN1.39.tiff      person . expression and take . number of the picture
///
/// Expressions are AN, DI, FE, HA, NE, SA and SU. The person is the group. The authors made no split: `heldOut` names the
/// people who test (leave one person out), otherwise people or images are drawn.
public final class JAFFE: RecognisableLayout {
  /// The settings of ``JAFFE``.
  public struct Options: ImageOptions {
    @Option("The folder that holds the pictures.") public var root: FilePath = ""
    @Option("Which images.", oneOf: ["train", "validation", "test", "all"]) public var split = "train"
    @Option("The people who test, such as [\"KA\"]; empty draws testShare of all.") public var heldOut:
      [String] = []
    @Option(
      "What is drawn: whole people, or images, so that a person may be in several splits.",
      oneOf: ["person", "image"])
    public var splitBy = "person"
    @Option("The share that validation takes; where people are held out, of the images of the others.", 0..<1)
    public var validationShare = 0.1
    @Option("The share that testing takes where nobody is held out.", 0..<1) public var testShare = 0.2
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
        split: split, heldOut: heldOut, byGroup: splitBy == "person", validationShare: validationShare,
        testShare: testShare, seed: seed)
    }
  }

  private static let expressions = [
    "AN": "anger", "DI": "disgust", "FE": "fear", "HA": "happiness", "NE": "neutral", "SA": "sadness",
    "SU": "surprise",
  ]
  private static let names = expressions.values.sorted()

  private let options: Options

  /// - Throws: ``BuildIssue`` where no folder is named.
  public init(_ options: Options, in context: inout BuildContext) throws {
    guard !options.root.isEmpty else {
      throw BuildIssue("root", "must name the folder that holds the pictures")
    }
    self.options = options
  }

  /// Reads the files' names and first bytes.
  /// - Throws: a ``DataProblem``.
  public func load(classes: [String]) throws -> any LoadedDataset {
    let folder = Self.folder(options.root.text)
    var (samples, problems) = ([Sample](), ProblemList(folder))
    var match = ClassMatch(classes, ignore: options.ignore, allowMissing: options.allowMissing)
    for file in try Self.files(folder) {
      guard let (person, expression) = Self.parsed(file) else {
        problems.add(
          "\(file) is not named like KA.AN1.39.tiff: person, one of AN DI FE HA NE SA SU with a take, number")
        continue
      }
      guard let label = match.label(of: expression) else { continue }
      samples.append(Sample(id: file, label: label, group: person))
    }
    try problems.check()
    try match.check(folder, names: Self.names)
    guard !samples.isEmpty else { throw DataProblem(folder, "holds no pictures that end in .tiff or .tif") }
    let own = try options.rule.chosen(of: samples, classes: classes, folder)
    return try LoadedImageFiles(checking: own, in: folder, options.policy, notes: match.notes(own))
  }

  /// The folder of the pictures: `root`, or the one in it that the authors' archive makes.
  private static func folder(_ root: String) -> String {
    ["jaffe", "jaffedbase"].map { "\(root)/\($0)" }.first(where: FolderListing.isFolder) ?? root
  }

  private static func files(_ folder: String) throws(DataProblem) -> [String] {
    try FolderListing.entries(in: folder).filter { name in
      [".tiff", ".tif"].contains { name.lowercased().hasSuffix($0) }
    }
  }

  /// Person and expression of a file's name.
  private static func parsed(_ file: String) -> (person: String, expression: String)? {
    let parts = file.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, !parts[0].isEmpty, parts[1].count >= 2, Int(parts[2]) != nil,
      parts[1].dropFirst(2).allSatisfy(\.isNumber),
      let expression = expressions[parts[1].prefix(2).uppercased()]
    else { return nil }
    return (parts[0].uppercased(), expression)
  }

  /// TIFF files that are nearly all named so.
  public static func recognise(_ root: String) -> RecognisedLayout? {
    guard let files = try? files(folder(root)) else { return nil }
    let found = files.compactMap(parsed)
    guard found.count * 2 > files.count else { return nil }
    let present = Set(found.map(\.expression))
    let people = Set(found.map(\.person)).sorted()
    let parts = ["train", "validation", "test"].map { split in
      RecognisedLayout.Part(
        split,
        [
          .root(root), .init("split", .string(split)),
          .init("heldOut", .array(people.prefix(1).map(JSONValue.string))),
        ])
    }
    return RecognisedLayout(
      "jaffe", classes: names.filter(present.contains),
      remark: "people: \(people.joined(separator: ", ")); heldOut names those who test", parts: parts)
  }
}
