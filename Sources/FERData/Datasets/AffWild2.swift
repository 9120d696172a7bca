import FERCore
import NeuralKit

/// Aff-Wild2, expressions (Kollias and Zafeiriou 2019), as its challenges distribute it.
///
///     EXPR_Classification_Challenge/Train_Set/VIDEO.txt     a row of class names, then a label for each frame
///     cropped_aligned/VIDEO/00001.jpg                       the faces; the n-th label is that of frame n
///
/// A label of -1 is ignored, and so is a frame without a picture: no face was found in it. Videos with two people come as
/// VIDEO and VIDEO_left or VIDEO_right; the group is the video, without these endings, so that no split shares one.
struct AffWild2: Dataset {
  struct Options: ComponentOptions {
    @Option("The folder that holds annotations and images.") var root: FilePath = ""
    @Option("Which videos.") var split = TrainingSplit.train
    @Option(
      "The folder of text files of this split below root; empty looks for EXPR_Classification_Challenge/Train_Set and the like."
    )
    var annotations = ""
    @Option("The folder of the videos' frames below root; empty looks for cropped_aligned.") var images = ""
  }

  private let options: Options
  private let root: String

  init(_ options: Options) throws(BuildIssue) {
    self.options = options
    root = try options.root.required("the folder that holds annotations and images")
  }

  /// Reads the text files, lists the frames and looks at their first bytes.
  func load(_ request: DataRequest) throws -> any LoadedDataset {
    let annotations = try Self.annotations(options.annotations, options.split).path(in: root)
    let images = try Self.images(options.images).path(in: root)
    let videos = try Self.videos(annotations)
    guard !videos.isEmpty else { throw DataProblem(annotations, "holds no text files, one for each video") }
    let folders = try Self.frameFolders(images)
    var match = ClassMatch(request)
    var (samples, problems) = ([Sample](), ProblemList(annotations))
    var (unlabelled, frameless) = (0, 0)
    for video in videos {
      let labels = try Self.labels("\(annotations)/\(video).txt", video, &problems)
      guard let folder = folders[video] else {
        problems.add("\(video).txt has no folder of frames \(images)/\(video)")
        continue
      }
      let frames = try Self.frames("\(images)/\(folder)")
      for (index, name) in labels.enumerated() {
        guard let name else {
          unlabelled += 1
          continue
        }
        guard let file = frames[index + 1] else {
          frameless += 1
          continue
        }
        guard let label = match.label(of: name) else { continue }
        samples.append(Sample(id: "\(folder)/\(file)", label: label, group: Self.group(of: video)))
      }
    }
    try problems.check()
    try match.check(annotations, names: ClassOrder.affWild2.names)
    guard !samples.isEmpty else {
      throw DataProblem(images, "holds none of the labelled frames (00001.jpg and so on)")
    }
    let counts = [
      (unlabelled, "frames labelled -1, ignored"), (frameless, "labelled frames without a picture, left out"),
    ]
    let notes = counts.filter { $0.0 > 0 }.map { "\($1): \($0)" }
    return try LoadedImageFiles(
      checking: samples, in: images, of: root, for: request, notes: notes + match.notes(samples))
  }

  /// The video of one person's frames.
  static func group(of video: String) -> String {
    for ending in ["_left", "_right"] where video.hasSuffix(ending) && video.count > ending.count {
      return String(video.dropLast(ending.count))
    }
    return video
  }

  // MARK: annotations

  private static func annotations(_ named: String, _ split: TrainingSplit) -> UsualPlace {
    let sets = split == .train ? ["Train_Set", "Training_Set"] : ["Validation_Set"]
    let challenges = ["EXPR_Classification_Challenge", "EXPR_Recognition_Challenge", "EXPR_Set", ""]
    return .folder(
      "annotations", named,
      sets.flatMap { set in
        challenges.map { $0.isEmpty ? set : "\($0)/\(set)" }.flatMap {
          [$0, "annotations/\($0)", "Annotations/\($0)"]
        }
      })
  }

  private static func videos(_ folder: String) throws(DataProblem) -> [String] {
    try FolderListing.entries(in: folder).filter { $0.lowercased().hasSuffix(".txt") }.map {
      String($0.dropLast(4))
    }
  }

  /// The class of each frame, nil where it has none. The first row names the classes in the order of the numbers.
  private static func labels(
    _ path: String, _ video: String, _ problems: inout ProblemList
  ) throws(DataProblem) -> [String?] {
    let reader: TableReader
    let header: TableRow?
    do {
      reader = try TableReader(path, separator: .comma)
      header = try reader.next()
    } catch {
      problems.add(error, in: "\(video).txt")
      return []
    }
    let words = (header?.fields.indices ?? 0..<0).map { header?.text($0) ?? "" }
    let names = words.compactMap { word in
      ExpressionNames.index(of: word, in: ClassOrder.affWild2.names).map { ClassOrder.affWild2.names[$0] }
    }
    guard names.count == words.count, Set(names).count == names.count, names.count > 1 else {
      problems.add(
        "\(video).txt: the first row must name the classes, as in Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other; "
          + "it begins with \(header?.shown(0) ?? "nothing")")
      return []
    }
    var labels: [String?] = []
    while let row = try reader.next(keepsBlank: true) {
      guard row.fields.count == 1, let number = row.number(0), names.indices.contains(number) || number == -1
      else {
        let found =
          row.fields.count > 1
          ? "has \(row.fields.count) fields, should have one"
          : "label \(row.shown(0)) is"
            + " neither -1 nor in 0...\(names.count - 1) (\(names.joined(separator: ", ")))"
        problems.add("\(video).txt line \(row.line): \(found)")
        labels.append(nil)
        continue
      }
      labels.append(number < 0 ? nil : names[number])
    }
    return labels
  }

  // MARK: frames

  private static func images(_ named: String) -> UsualPlace {
    .folder(
      "images", named, ["cropped_aligned", "cropped-aligned", "cropped_aligned_images", "cropped", "images"])
  }

  /// The folder of each video below `images`. The authors' archives are often unpacked into folders of their own names.
  private static func frameFolders(_ images: String) throws(DataProblem) -> [String: String] {
    var folders: [String: String] = [:]
    for name in try FolderListing.folders(in: images) {
      if ["batch1", "batch2", "new_vids"].contains(name) {
        for video in try FolderListing.folders(in: "\(images)/\(name)") {
          folders[video] = "\(name)/\(video)"
        }
      } else {
        folders[name] = name
      }
    }
    return folders
  }

  /// The pictures of a video by their number: `00017.jpg` is frame 17.
  private static func frames(_ folder: String) throws(DataProblem) -> [Int: String] {
    var frames: [Int: String] = [:]
    for name in try FolderListing.entries(in: folder) {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, ImageKind.endings.contains(parts[1].lowercased()),
        let number = Int(parts[0])
      else { continue }
      frames[number] = name
    }
    return frames
  }

  /// Text files of videos in folders named after the challenge's sets.
  static func recognise(_ root: String) -> RecognisedLayout? {
    let sets = TrainingSplit.allCases.compactMap { split in
      annotations("", split).found(in: root).map { (split: split, folder: $0) }
    }
    guard images("").found(in: root) != nil else { return nil }
    var (problems, present) = (ProblemList(root), Set<String>())
    for set in sets {
      for video in (try? videos(set.folder)) ?? [] {
        let labels = (try? labels("\(set.folder)/\(video).txt", video, &problems)) ?? []
        present.formUnion(labels.compactMap { $0 })
      }
    }
    guard !present.isEmpty else { return nil }
    return RecognisedLayout(
      "aff-wild2", classes: ClassOrder.affWild2.names.filter(present.contains),
      parts: sets.map { .init($0.split.rawValue, [.root(root), .init("split", .string($0.split.rawValue))]) })
  }
}
