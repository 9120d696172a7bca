import FERCore
import NeuralKit

/// FERG-DB (Aneja, Colburn, Faigin, Shapiro and Mones 2016): drawn characters, each in a folder of its own.
///
///     aia/aia_anger/aia_anger_1.png      character / character_expression / picture
///
/// The character is the group. The authors made no split: `heldOut` names the characters that test, otherwise images or
/// characters are drawn.
struct FERGDB: Dataset {
  struct Options: ComponentOptions {
    @Option("The folder that holds the characters.") var root: FilePath = ""
    @OptionGroup var rule = SplitRule()
    @Option("What is drawn: images, so that a character is in every split, or whole characters.")
    var splitBy = Unit.image

    enum Unit: String, OptionChoice { case image, character }
  }

  private static let names = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]

  private let options: Options
  private let root: String

  init(_ options: Options) throws(BuildIssue) {
    self.options = options
    root = try options.root.required("the folder that holds the characters")
  }

  /// Lists the folders and looks at the first bytes of each image.
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    let characters = Self.folder(root)
    var (samples, problems) = ([Sample](), ProblemList(characters))
    var match = ClassMatch(request)
    for character in try FolderListing.folders(in: characters) {
      for folder in try FolderListing.folders(in: "\(characters)/\(character)") {
        let files = try FolderListing.files(
          in: "\(characters)/\(character)/\(folder)", endings: ImageKind.endings)
        guard let expression = Self.expression(of: folder, character) else {
          problems.add(
            "\(character)/\(folder) is not named after its character and one of "
              + Self.names.joined(separator: ", "))
          continue
        }
        if files.isEmpty {
          let endings = ImageKind.endings.joined(separator: ", ")
          problems.add("\(character)/\(folder) holds no images; files that end in \(endings) are")
        }
        for file in files {
          guard let label = match.label(of: expression) else { continue }
          samples.append(Sample(id: "\(character)/\(folder)/\(file)", label: label, group: character))
        }
      }
    }
    try problems.check()
    try match.check(characters, names: Self.names)
    guard !samples.isEmpty else {
      throw DataProblem(
        characters, "holds no folders of characters, such as aia/aia_anger, with images in them")
    }
    let own = try options.rule.chosen(
      of: samples, classes: request.classes, byGroup: options.splitBy == .character, characters)
    return try LoadedImageFiles(
      checking: own, in: characters, of: root, for: request, notes: match.notes(own))
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
  static func recognise(_ root: String) -> RecognisedLayout? {
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
