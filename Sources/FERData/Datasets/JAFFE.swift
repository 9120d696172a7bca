import FERCore
import NeuralKit
import Support

/// JAFFE (Lyons, Akamatsu, Kamachi and Gyoba 1998): 213 pictures of ten women, all in one folder.
///
///     KA.AN1.39.tiff      person . expression and take . number of the picture
///
/// Expressions are AN, DI, FE, HA, NE, SA and SU. The person is the group. The authors made no split: `heldOut` names the
/// people who test (leave one person out), otherwise people or images are drawn.
struct JAFFE: Dataset {
  struct Options: ComponentOptions {
    @Option("The folder that holds the pictures.") var root: FilePath = ""
    @OptionGroup var rule = SplitRule()
    @Option("What is drawn: whole people, or images, so that a person may be in several splits.")
    var splitBy = Unit.person

    enum Unit: String, OptionChoice { case person, image }
  }

  private static let expressions = [
    "AN": "anger", "DI": "disgust", "FE": "fear", "HA": "happiness", "NE": "neutral", "SA": "sadness",
    "SU": "surprise",
  ]
  private static let names = expressions.values.sorted()

  private let options: Options
  private let root: String

  init(_ options: Options) throws(BuildIssue) {
    self.options = options
    root = try options.root.required("the folder that holds the pictures")
  }

  /// Reads the files' names and first bytes.
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    let folder = Self.folder(root)
    var (samples, problems) = ([Sample](), ProblemList(folder))
    var match = ClassMatch(request)
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
    let own = try options.rule.chosen(
      of: samples, classes: request.classes, byGroup: options.splitBy == .person, folder)
    return try LoadedImageFiles(
      checking: own, in: folder, of: root, for: request,
      notes: match.notes(own) + (try Self.otherFiles(folder)))
  }

  /// The folder of the pictures: `root`, or the one in it that the authors' archive makes.
  private static func folder(_ root: String) -> String {
    ["jaffe", "jaffedbase"].map { "\(root)/\($0)" }.first { FolderListing.isFolder($0) } ?? root
  }

  /// How many files are no TIFF, in a sentence; none where all are.
  private static func otherFiles(_ folder: String) throws(DataProblem) -> [String] {
    let others = try FolderContents(of: folder, endings: ["tiff", "tif"], byContent: false).others
    return others.isEmpty ? [] : ["left out, as only .tiff and .tif are read: \(others.listedCounts)"]
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
  static func recognise(_ root: String) -> RecognisedLayout? {
    guard let files = try? files(folder(root)) else { return nil }
    let found = files.compactMap(parsed)
    guard found.count * 2 > files.count else { return nil }
    let present = Set(found.map(\.expression))
    let people = Set(found.map(\.person)).sorted()
    let parts = ["train", "validation", "test"].map { split in
      RecognisedLayout.Part(
        split,
        [.root(root), .init("split", .string(split)), .init("heldOut", .texts(Array(people.prefix(1))))])
    }
    return RecognisedLayout(
      "jaffe", classes: names.filter(present.contains),
      remark: "people: \(people.joined(separator: ", ")); heldOut names those who test", parts: parts)
  }
}
