import FERCore
import NeuralKit

/// FER+ (Barsoum, Zhang, Canton Ferrer and Zhang 2016): FER2013's faces, judged by ten people each.
///
///     fer2013new.csv       Usage,Image name,neutral,...,contempt,unknown,NF: a row for each row of fer2013.csv
///     fer2013.csv          the pixels; or
///     FER2013Train/fer0000000.png, FER2013Valid, FER2013Test     image files that the authors' program makes of them,
///                          with the votes once more in a label.csv in each folder
///
/// ## Votes to labels, as in the authors' code
/// A single vote for a class counts as none. Then, of the ten columns,
///
///     majority       the class with more than half of the votes that are left
///     distribution   the classes with the most votes, down to equals, until they hold 3/4 of the votes or are three or
///                    more; of no use where they hold at most half of the votes, or are more than three
///
/// Where the winner is unknown or NF (not a face), or there is none, the face is left out. `label` is the class with the
/// most votes, the first of equals.
struct FERPlus: Dataset {
  struct Options: ComponentOptions {
    @Option("The folder that holds fer2013new.csv and fer2013.csv or the folders of images.")
    var root: FilePath = ""
    @Option("Which images.") var split = DataSplit.train
    @Option("What the votes become: shares of the classes that training aims at, or one class.")
    var labels = Labels.distribution
    @Option(
      "The table of votes below root; empty looks for fer2013new.csv, then for label.csv beside the images.")
    var votes = ""
    @Option(
      "The table of pixels or the folder of images below root; empty looks for FER2013Train and the like, then for fer2013.csv."
    )
    var images = ""

    enum Labels: String, OptionChoice { case distribution, majority }
  }

  private let options: Options
  private let root: String

  init(_ options: Options) throws(BuildIssue) {
    self.options = options
    root = try options.root.required("the folder that holds fer2013new.csv")
  }

  /// Reads the votes and the pixels, or the first bytes of each image.
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    guard FolderListing.isFolder(root) else { throw DataProblem(root, "is no folder, or does not exist") }
    let folder = try imageFolder(root)
    let votes = try votesTable(root, folder)
    var labels = FERPlusLabels(request, asDistribution: options.labels == .distribution)
    if let folder {
      let rows = try votes.rows(of: options.split)
      let samples = rows.compactMap { row in labels.sample(row, id: row.image) }
      try labels.check(votes.path, options.split, samples)
      return try LoadedImageFiles(
        checking: samples, in: folder, of: root, for: request, notes: labels.notes(samples),
        tables: [votes.path])
    }
    let table = try UsualPlace.file("images", options.images, ["fer2013.csv", "fer2013/fer2013.csv"]).path(
      in: root)
    return try faces(votes, table, request, &labels)
  }

  /// The folder of this split's images, where there are image files.
  private func imageFolder(_ root: String) throws(DataProblem) -> String? {
    let own = Self.folder(of: options.split)
    if !options.images.isEmpty {
      let named = try ListedPath.option("images", options.images, below: root)
      if FolderListing.isFile(named) { return nil }
      guard FolderListing.isFolder(named) else {
        throw DataProblem(named, "does not exist; `images` names it")
      }
      return FolderListing.isFolder("\(named)/\(own)") ? "\(named)/\(own)" : named
    }
    return UsualPlace.folder("images", "", [own, "data/\(own)"]).found(in: root)
  }

  private static func folder(of split: DataSplit) -> String {
    switch split {
    case .train: "FER2013Train"
    case .validation: "FER2013Valid"
    case .test: "FER2013Test"
    }
  }

  private func votesTable(_ root: String, _ folder: String?) throws(DataProblem) -> FERPlusVotes {
    let table = UsualPlace.file("votes", options.votes, ["fer2013new.csv"])
    if options.votes.isEmpty, table.found(in: root) == nil, let folder,
      FolderListing.isFile("\(folder)/label.csv")
    {
      return FERPlusVotes(path: "\(folder)/label.csv", isOfOneFolder: true)
    }
    return FERPlusVotes(path: try table.path(in: root), isOfOneFolder: false)
  }

  /// Goes through both tables side by side: the n-th row of one is the n-th of the other.
  private func faces(
    _ votes: FERPlusVotes, _ path: String, _ request: DataRequest, _ labels: inout FERPlusLabels
  ) throws(DataProblem) -> LoadedPixelFaces {
    let rows = try votes.allRows()
    let table = try FER2013Table(path)
    var (samples, pixels, bad, problems) = ([Sample](), [UInt8](), [DataProblem](), ProblemList(path))
    var count = 0
    while let face = try table.next(&problems) {
      count = face.number + 1
      guard rows.indices.contains(face.number) else { continue }
      let row = rows[face.number]
      if let split = face.split, split != row.split {
        problems.add(
          line: face.row.line,
          "is for \(split.rawValue), but the same row of \(votes.path) is for \(row.split.rawValue)")
        continue
      }
      guard row.split == options.split, let sample = labels.sample(row, id: row.image) else { continue }
      if let problem = LoadedPixelFaces.append(face.pixels, to: &pixels) {
        bad.append(DataProblem(path, "line \(face.row.line): \(problem)"))
      } else {
        samples.append(sample)
      }
    }
    if count != rows.count {
      problems.add(
        "has \(count) rows, but \(votes.path) has \(rows.count); each row of one belongs to a row of the other"
      )
    }
    try problems.check()
    try request.badImagePolicy(in: root).check(bad, of: samples.count + bad.count)
    try labels.check(votes.path, options.split, samples)
    return LoadedPixelFaces(
      samples, pixels: pixels, of: root, leftOut: bad, notes: labels.notes(samples),
      tables: [votes.path, path])
  }

  /// The authors' table of votes.
  static func recognise(_ root: String) -> RecognisedLayout? {
    var (present, found) = (Set<String>(), [String]())
    for split in DataSplit.allCases {
      let single = "\(root)/\(folder(of: split))/label.csv"
      let isWhole = FolderListing.isFile("\(root)/fer2013new.csv")
      let votes = FERPlusVotes(path: isWhole ? "\(root)/fer2013new.csv" : single, isOfOneFolder: !isWhole)
      guard let rows = try? votes.rows(of: split), !rows.isEmpty else { continue }
      found.append(split.rawValue)
      for row in rows {
        guard let shares = VoteRule.distribution(row.votes) else { continue }
        present.formUnion(
          ClassOrder.ferPlus.names.indices.filter { shares[$0] > 0 }.map { ClassOrder.ferPlus.names[$0] })
      }
    }
    guard !present.isEmpty else { return nil }
    return RecognisedLayout(
      "ferplus", classes: ClassOrder.ferPlus.names.filter(present.contains),
      remark: "labels: \"majority\" takes one class in place of shares", particularity: 1,
      parts: found.map { .init($0, [.root(root), .init("split", .string($0))]) })
  }
}
