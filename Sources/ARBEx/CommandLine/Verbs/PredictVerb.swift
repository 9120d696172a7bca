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
          + "standard input; none with --watch and --stream", count: .any),
    ],
    flags: [
      Flag("--weights", value: "FILE", "other weights than the run's best"),
      Flag("--top", value: "N", "tell the N likeliest classes; 3 in the text for people"),
      Flag(
        "--abstain-below", value: "CONFIDENCE", "name no class below this confidence, 0...1; all numbers stay"
      ),
      Flag(
        "--faces",
        "the images are photographs: find the faces in them, cut them out as the recipe's data.faces says, and predict each"
      ),
      Flag(
        "--stream",
        "standard input is a film: JPEG or PNG images one behind another, as of `ffmpeg -f image2pipe`; as --lines"
      ),
      Flag("--watch", value: "FOLDER", "images in a folder as they appear there, until Ctrl-C; as --lines"),
      Flag("--for", value: "SECONDS", "with --watch or --stream: so long, and no longer"),
      Flag("--frames", value: "N", "with --watch or --stream: so many images, and no more"),
      Flag(
        "--smooth", value: "FRAMES",
        "smooth the final distribution over the images, which follow one another in time: an exponential mean of this "
          + "time constant"
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
    let (top, threshold) = try (call.wholeNumber("--top", atLeast: 1), call.threshold())
    let (form, smoothing) = try (call.form(), call.smoothing())
    let precision = try call.precision()
    let album = try call.value("--picture").map { try PictureAlbum(path: $0) }
    try call.requireOwn(album?.likelyFiles ?? [])
    // A folder is watched from now on, while the model is still being read.
    var source = try call.images()
    let subject = try ModelSubject(call, confirming: false)
    subject.remarks.forEach(call.output.remark)
    let finder =
      try call.has("--faces") ? FaceChoice(of: subject.recipe, tell: call.output.remark).finder : nil
    let writer = PredictionWriter(
      form, classes: subject.recipe.classes, termNames: subject.trained.model.correctionNames, top: top,
      abstainBelow: threshold, isSmoothed: smoothing != nil, hasFaces: finder != nil, print: call.output.print
    )
    album?.name(subject.recipe.classes, subject.trained.model.correctionNames)
    var session = PredictionSession(
      subject, precision: precision, writer: writer, finder: finder, smoothing: smoothing, album: album,
      output: call.output)
    if let folder = call.value("--watch") {
      call.output.remark("watching \(folder.printable); Ctrl-C ends")
    }
    while true {
      let items = source.next(upTo: FaceReader.groupSize)
      source.takeRemarks().forEach(call.output.remark)
      if items.isEmpty { break }
      try session.take(items, of: source.total)
    }
    let code = try session.end(mayBeEmpty: source.mayBeEmpty)
    guard source.total == nil, let signal = StopSignal.received else { return code }
    return ExitCode.interrupted(by: signal)
  }
}

/// Predictions under way: what was asked for, and what has come of it so far.
private struct PredictionSession {
  private let subject: ModelSubject
  private let reader: FaceReader
  private let evaluator: Evaluator
  private let album: PictureAlbum?
  private let output: CommandOutput
  private let console: Console
  private var writer: PredictionWriter
  private var smoother: DistributionSmoother?
  private var (done, failures, faces, isRequest) = (0, 0, 0, true)
  private let looksForFaces: Bool

  init(
    _ subject: ModelSubject, precision: Precision, writer: PredictionWriter, finder: FaceFinder?,
    smoothing: Double?, album: PictureAlbum?, output: CommandOutput
  ) {
    (self.subject, self.writer, self.album, self.output) = (subject, writer, album, output)
    looksForFaces = finder != nil
    smoother = smoothing.map { DistributionSmoother(frames: $0) }
    reader = FaceReader(subject, keepsThumbnails: album != nil, finder: finder)
    evaluator = Evaluator(
      subject.trained.model, batchSize: FaceReader.groupSize, precision: precision,
      temperatures: subject.temperatures)
    // A bar among the lines on the same terminal would be in their way.
    console = Console(descriptor: isatty(STDOUT_FILENO) == 1 ? -1 : STDERR_FILENO)
  }

  /// Predicts and tells of the next images.
  /// - Parameter total: how many there are in all; nil where nobody knows yet.
  mutating func take(_ items: [ImageQueue.Item], of total: Int?) throws {
    let readings = reader.read(items)
    var rows = try predicted(readings)[...]
    try begin()
    for reading in readings {
      if let problem = reading.problem {
        failures += 1
        isRequest = isRequest && problem.isRequest
        console.clearBar()
        output.remark("\(problem)")
        try writer.write(unreadable: reading.name, problem.message)
      } else if reading.faces.isEmpty {
        try writer.write(faceless: reading.name)
      }
      try write(Array(rows.prefix(reading.faces.count)), of: reading)
      rows = rows.dropFirst(reading.faces.count)
    }
    done += items.count
    if let total {
      let done = done
      console.progress("predict", share: Double(done) / Double(total)) { "\(done) of \(total) images" }
    }
  }

  /// Nothing is told before the weights are known to be whole.
  private mutating func begin() throws {
    guard done == 0 else { return }
    try subject.trained.confirm()
    try writer.begin()
  }

  /// What the model says of every face, a group at a time: a photograph may hold many.
  private func predicted(_ readings: [FaceReader.Reading]) throws -> [EvaluatedSample] {
    let all = readings.flatMap { reading in reading.faces.map { (reading.name, $0) } }
    return try stride(from: 0, to: all.count, by: FaceReader.groupSize).flatMap { start in
      let group = all[start..<min(start + FaceReader.groupSize, all.count)]
      return try evaluator.predict(reader.input(of: group.map(\.1)), ids: group.map(\.0))
    }
  }

  private mutating func write(_ rows: [EvaluatedSample], of reading: FaceReader.Reading) throws {
    let marks = reading.faces.map(\.mark)
    let smoothed = smoother?.next(zip(rows, marks).map { ($0.final, $1?.found.box) })
    faces += rows.count
    var told = rows
    for (index, row) in rows.enumerated() {
      if let smoothed { told[index].final = smoothed[index].distribution }
      try writer.write(
        told[index], face: marks[index], unsmoothed: row.final, track: smoothed?[index].track)
    }
    try album?.add(told, of: reading, abstains: writer.abstains)
  }

  /// Tells what is left to tell.
  /// - Returns: the exit code.
  mutating func end(mayBeEmpty: Bool) throws -> Int32 {
    console.clearBar()
    guard done > 0 || mayBeEmpty else { throw RunProblem.request("there are no images to look at") }
    try begin()
    try writer.end()
    try album?.close()
    if failures > 0 { output.remark("\(failures) of \(done) images could not be used") }
    if looksForFaces { output.remark("\(faces) faces in \(done - failures) images") }
    if writer.abstentions > 0 {
      output.remark("\(writer.abstentions) of \(faces) predictions are below the confidence asked for")
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
    return asked.first?.form ?? (hasFrames ? .lines : .text)
  }

  private var hasFrames: Bool { has("--stream") || has("--watch") }

  /// Where the images come from.
  fileprivate func images() throws -> any ImageSource {
    let named = Array(words.dropFirst())
    let limit = FrameLimit(
      seconds: try number("--for", in: 0.001...1e9), frames: try wholeNumber("--frames", atLeast: 1))
    func problem(_ text: String) -> UsageProblem { UsageProblem(text, verb: "predict") }
    guard hasFrames else {
      if let flag = ["--for", "--frames"].first(where: has) {
        throw problem("\(flag) goes with --watch or --stream; a list of images ends by itself")
      }
      guard !named.isEmpty else {
        throw problem(
          "\"predict\" needs IMAGE, image files, folders or patterns, or - for standard input; or --watch or --stream"
        )
      }
      return ImageQueue(named)
    }
    let flag = has("--stream") ? "--stream" : "--watch"
    guard !(has("--stream") && has("--watch")) else {
      throw problem("--stream and --watch do not go together")
    }
    if let other = named.first(where: { flag == "--watch" || $0 != "-" }) {
      throw problem("\(flag) takes no other images, was given \(JSONValue.quoted(other.printable))")
    }
    StopSignal.listen()
    return try value("--watch").map { try WatchedFolder($0, until: limit) } ?? StreamedFrames(until: limit)
  }

  /// The time constant of smoothing, in images; nil where none is asked for.
  fileprivate func smoothing() throws -> Double? { try number("--smooth", in: 0.01...1e6) }

  fileprivate func threshold() throws -> Float? { try number("--abstain-below", in: 0...1).map { Float($0) } }
}
