import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import NeuralKit
import TensorKit
import Support

extension Verb {
  static let predict = Verb(
    "predict", "name the expression on images",
    arguments: [
      Argument("RUN-or-RECIPE", "the folder of a run, or a recipe with --weights"),
      Argument(
        "IMAGE",
        "image files, folders, patterns such as 'faces/**/*.jpg', or - for a list of paths or an image on "
          + "standard input", count: .atLeastOne),
    ],
    flags: [
      Flag("--weights", value: "FILE", "other weights than the run's best"),
      Flag("--top", value: "N", "tell the N likeliest classes; 3 in the text for people"),
      Flag(
        "--abstain-below", value: "CONFIDENCE", "name no class below this confidence, 0...1; all numbers stay"
      ),
      .json, Flag("--lines", "one JSON object on a line for each image, as soon as it is known"),
      Flag("--csv", "comma-separated values, a row for each image"),
      Flag(
        "--picture", value: "FILE.png",
        "a picture of the faces with the bars of every distribution, and with what the model noticed of views and "
          + "places drawn over them; of more than \(PredictionPicture.mostCards), more pictures: FILE-2.png ..."
      ), .overwrite, .uncalibrated, .precision, .set,
    ]
  ) { call in
    let (form, top, threshold) = try (call.form(), call.wholeNumber("--top", atLeast: 1), call.threshold())
    let precision = try call.precision()
    let album = try call.value("--picture").map { try PictureAlbum(path: $0) }
    try call.requireOwn(album?.likelyFiles ?? [])
    let subject = try ModelSubject(call, confirming: false)
    subject.remarks.forEach(call.output.remark)
    var queue = ImageQueue(Array(call.words.dropFirst()))
    let (classes, terms) = (subject.recipe.classes, subject.trained.model.correctionNames)
    var writer = PredictionWriter(
      form, classes: classes, termNames: terms, top: top, abstainBelow: threshold, print: call.output.print)
    let reader = FaceReader(subject, keepsThumbnails: album != nil)
    let evaluator = Evaluator(
      subject.trained.model, batchSize: FaceReader.groupSize, precision: precision,
      temperatures: subject.temperatures)
    // A bar among the lines on the same terminal would be in their way.
    let console = Console(descriptor: isatty(STDOUT_FILENO) == 1 ? -1 : STDERR_FILENO)
    var (done, failures, isRequest) = (0, 0, true)
    while true {
      let items = queue.next(upTo: FaceReader.groupSize)
      queue.takeRemarks().forEach(call.output.remark)
      if items.isEmpty { break }
      let faces = reader.read(items)
      let names = faces.filter { $0.values != nil }.map(\.name)
      var rows = try reader.input(of: faces).map { try evaluator.predict($0, ids: names) }?[...] ?? []
      if done == 0 {
        try subject.trained.confirm()
        try writer.begin()
      }
      for face in faces {
        if let problem = face.problem {
          failures += 1
          isRequest = isRequest && problem.isRequest
          console.clearBar()
          call.output.remark("\(problem)")
          try writer.write(unreadable: face.name, problem.message)
        } else if let row = rows.popFirst() {
          try writer.write(row)
          if let image = face.thumbnail {
            let card = PredictionPicture.Card(
              image: image, row: row, isAbstained: writer.abstains(row), views: face.views)
            try album?.add(card, classes, terms)
          }
        }
      }
      done += items.count
      if let total = queue.total {
        console.progress("predict", share: Double(done) / Double(total)) { "\(done) of \(total) images" }
      }
    }
    console.clearBar()
    guard done > 0 else { throw RunProblem.request("there are no images to look at") }
    try writer.end()
    try album?.close(classes, terms)
    if failures > 0 { call.output.remark("\(failures) of \(done) images could not be used") }
    if writer.abstentions > 0 {
      call.output.remark(
        "\(writer.abstentions) of \(done - failures) predictions are below the confidence asked for")
    }
    return failures == 0 ? ExitCode.done : failures == done && isRequest ? ExitCode.request : ExitCode.failed
  }
}

extension Invocation {
  fileprivate func form() throws -> PredictionWriter.Form {
    let forms: [(flag: String, form: PredictionWriter.Form)] = [
      ("--json", .json), ("--lines", .lines), ("--csv", .csv),
    ]
    let asked = forms.filter { has($0.flag) }
    guard asked.count <= 1 else {
      throw UsageProblem(
        "\(asked.map(\.flag).joined(separator: " and ")) do not go together", verb: "predict")
    }
    return asked.first?.form ?? .text
  }

  fileprivate func threshold() throws -> Float? {
    guard let text = value("--abstain-below") else { return nil }
    guard let number = Float(text), (0...1).contains(number) else {
      throw UsageProblem(
        "--abstain-below needs a number from 0 to 1, was given \(JSONValue.quoted(text))", verb: "predict")
    }
    return number
  }
}

/// The pictures that `--picture` asks for, written as they fill up.
private final class PictureAlbum {
  private let path: String
  private var cards: [PredictionPicture.Card] = []
  private var number = 1

  /// - Throws: ``RunProblem`` where no file can be written there.
  init(path: String) throws {
    guard path.lowercased().hasSuffix(".png") else {
      throw RunProblem.request(
        "--picture writes PNG files, so its name must end in .png, is \(path.printable)")
    }
    if let problem = FileSystem.folderProblem(of: path) { throw RunProblem.request(problem) }
    self.path = path
  }

  /// The first picture, and further ones that are there already.
  var likelyFiles: [OwnFile] {
    let further = (2...999).map { "\(path.dropLast(4))-\($0).png" }.filter { FileSystem.exists($0) }
    return ([path] + further).map { OwnFile(.picture, $0) }
  }

  func add(_ card: PredictionPicture.Card, _ classes: [String], _ terms: [String]) throws {
    if cards.count == PredictionPicture.mostCards { try close(classes, terms) }
    cards.append(card)
  }

  func close(_ classes: [String], _ terms: [String]) throws {
    guard !cards.isEmpty else { return }
    let file = number == 1 ? path : path.dropLast(4) + "-\(number).png"
    try PredictionPicture(classes: classes, termNames: terms, cards: cards).write(to: file)
    (cards, number) = ([], number + 1)
  }
}
