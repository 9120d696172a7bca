import FERCore
import FERData
import FERTools
import FERTraining
import Foundation
import NeuralKit
import Support

extension Verb {
  static let explain = Verb(
    "explain",
    "why this answer: what the model looked at, how each term moved it, which training faces are near",
    arguments: [
      Argument("RUN-or-RECIPE", "the folder of a run, or a recipe with --weights"),
      Argument(
        "IMAGE", "image files, folders, patterns, or - for standard input, as predict takes them",
        count: .atLeastOne),
    ],
    flags: [
      Flag("--weights", value: "FILE", "other weights than the run's best"),
      Flag("--class", value: "NAME", "the class to explain; the one that is answered where not given"),
      Flag(
        "--of", value: "DISTRIBUTION", "final (where not given), the balanced one, or primary, the head's"),
      Flag(
        "--out", value: "DIR",
        "where NAME.png and NAME.json of each image go; explanations/ in the run where it is one, else here"),
      Flag(
        "--neighbours", value: "N",
        "so many anchors, and training faces of each; 5 where not given, at most \(mostNeighbours)"),
      Flag("--no-training-faces", "do not look for training faces, which takes a pass over all of them once"),
      .overwrite, .json, .set,
    ],
    notes: """
      Maps are gradient-weighted class activation (Grad-CAM, arXiv:1610.02391) of each level of the backbone, and what the
      encoder lets be seen of its attention. The embeddings of the training faces stay in the run, for the next time.
      """
  ) { call in
    let neighbours = try call.wholeNumber("--neighbours", atLeast: 1) ?? 5
    guard neighbours <= mostNeighbours else {
      throw UsageProblem("--neighbours must be at most \(mostNeighbours), is \(neighbours)", verb: "explain")
    }
    let part = try call.explainedDistribution()
    let subject = try ModelSubject(call)
    subject.trained.warnings.forEach(call.output.remark)
    let label = try call.explainedClass(of: subject.recipe.classes)
    let folder = call.value("--out") ?? (subject.run.map { $0 + "/" } ?? "") + "explanations"
    var queue = ImageQueue(Array(call.words.dropFirst()))
    try call.requireOwn(ExplanationList.files(for: queue.fileNames, in: folder))
    let (classes, terms) = (subject.recipe.classes, subject.trained.model.correctionNames)
    let reader = FaceReader(subject, keepsThumbnails: true)
    let console = Console(descriptor: call.has("--json") ? -1 : STDERR_FILENO)
    var list = ExplanationList(folder: folder, classes: classes, call)
    var faces: TrainingFaces?
    var explainer: Explainer?
    while true {
      let items = queue.next(upTo: FaceReader.groupSize)
      queue.takeRemarks().forEach(call.output.remark)
      if items.isEmpty { break }
      for reading in reader.read(items) {
        guard let face = reading.faces.first, let image = face.thumbnail else {
          if let problem = reading.problem { list.add(unreadable: reading.name, problem) }
          continue
        }
        let (name, input) = (reading.name, reader.input(of: [face]))
        if explainer == nil {
          try FileSystem.makeFolder(folder)
          if !call.has("--no-training-faces") { faces = call.trainingFaces(of: subject, console) }
          explainer = Explainer(
            subject.trained.model, subject: part, neighbours: neighbours, faces: faces)
        }
        guard let found = try explainer?.explain(input, id: name, label: label) else { continue }
        let picture = ExplanationPicture(
          found, classes: classes, termNames: terms, face: image, boxes: face.views, faces: faces)
        try list.add(
          found.object(classes: classes, termNames: terms, boxes: face.views), picture,
          named: name, saying: found.text(classes: classes, termNames: terms))
      }
    }
    return try list.end()
  }

  /// More would make no picture.
  private static let mostNeighbours = 1000
}

extension Invocation {
  fileprivate func explainedDistribution() throws -> Explanation.Subject {
    guard let word = value("--of") else { return .final }
    guard let subject = Explanation.Subject(rawValue: word) else {
      throw UsageProblem(
        "--of explains \"final\" or \"primary\", was given \(JSONValue.quoted(word))", verb: "explain")
    }
    return subject
  }

  /// The index of the class that was asked for; nil where none was.
  fileprivate func explainedClass(of classes: [String]) throws -> Int? {
    guard let word = value("--class") else { return nil }
    guard let label = ExpressionNames.index(of: word, in: classes) else {
      throw UsageProblem(
        "--class: the model knows no class \(JSONValue.quoted(word))"
          + "\(NearestName.suggestion(for: word, among: classes))\n  classes: \(classes.listed(atMost: 40))",
        verb: "explain")
    }
    return label
  }

  /// The faces that the model was trained on; nil, and a remark, where they are not at hand.
  fileprivate func trainingFaces(of subject: ModelSubject, _ console: Console) -> TrainingFaces? {
    do {
      let cache = subject.run.map { $0 + "/explanations" }
      if let cache {
        try? FileSystem.makeFolder(cache)
      }
      defer { console.clearBar() }
      return try TrainingFaces(
        of: subject.trained, cache: cache.map { $0 + "/training-faces.safetensors" }
      ) { done, total in
        console.progress("training faces", share: Double(done) / Double(max(1, total))) {
          "\(done) of \(total)"
        }
      }
    } catch {
      output.remark("the nearest training faces are left out: \(error)")
      return nil
    }
  }
}

/// Writes and tells explanations one after another.
private struct ExplanationList {
  private let folder: String
  private let classes: [String]
  private let call: Invocation
  private var names = ExplanationNames()
  private var (done, failures, isRequest) = (0, [OrderedObject](), true)

  private var isJSON: Bool { call.has("--json") }
  private var output: CommandOutput { call.output }

  init(folder: String, classes: [String], _ call: Invocation) {
    (self.folder, self.classes, self.call) = (folder, classes, call)
  }

  mutating func add(unreadable image: String, _ problem: DataProblem) {
    output.remark("\(problem)")
    isRequest = isRequest && problem.isRequest
    var object = OrderedObject()
    object.add("image", image)
    object.add("problem", problem.message)
    failures.append(object)
  }

  mutating func add(
    _ object: OrderedObject, _ picture: ExplanationPicture, named image: String, saying text: String
  ) throws {
    let path = folder + "/" + names.next(for: image)
    // What a list on standard input names was not known before.
    try call.requireOwn(Self.files(at: path), before: "what came before it is done")
    try picture.write(to: path + ".png")
    try AtomicFile.write(object.text + "\n", to: path + ".json")
    if isJSON {
      if done == 0 { try open() }
      try output.print((done == 0 ? "  " : ", ") + object.text)
    } else {
      try output.print(text + "\n  written: \(path.printable).png and .json")
    }
    done += 1
  }

  private func open() throws {
    try output.print("{\"classes\": " + JSONValue.texts(classes).oneLine + ", \"explanations\": [")
  }

  /// - Returns: the exit code.
  func end() throws -> Int32 {
    guard done + failures.count > 0 else { throw RunProblem.request("there are no images to look at") }
    if isJSON {
      if done == 0 { try open() }
      try output.print("], \"unreadable\": [" + failures.map(\.text).joined(separator: ",\n  ") + "]}")
    }
    if !failures.isEmpty {
      output.remark("\(failures.count) of \(done + failures.count) images could not be used")
    }
    return failures.isEmpty ? ExitCode.done : done == 0 && isRequest ? ExitCode.request : ExitCode.failed
  }

  /// What will be written for these images, as far as all of them can be read.
  static func files(for images: [String], in folder: String) -> [OwnFile] {
    var names = ExplanationNames()
    return images.map { "\(folder)/\(names.next(for: $0))" }.flatMap(files)
  }

  private static func files(at path: String) -> [OwnFile] {
    [OwnFile(.picture, path + ".png"), OwnFile(.explanation, path + ".json")]
  }
}

/// What explanations are called.
private struct ExplanationNames {
  private var taken: Set<ExactName> = []

  /// The image's own name without its ending; of equal ones the second is NAME-2.
  mutating func next(for image: String) -> String {
    let last = PathText.name(of: image)
    let stem = last.utf8.lastIndex(of: UInt8(ascii: ".")).map { String(last[..<$0]) } ?? last
    let base = stem.isEmpty ? "image" : stem
    var (name, number) = (base, 2)
    while !taken.insert(ExactName(name)).inserted { (name, number) = ("\(base)-\(number)", number + 1) }
    return name
  }
}
