import FERCore
import FERData
import FERTools
import FERTraining
import Support

/// The pictures that `--picture` asks for, written as they fill up.
final class PictureAlbum {
  private let path: String
  private var classes: [String] = []
  private var terms: [String] = []
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

  /// - Parameter terms: the names of the correction terms.
  func name(_ classes: [String], _ terms: [String]) { (self.classes, self.terms) = (classes, terms) }

  /// Takes what the model says of the faces of an image: cards for images as they are, and for photographs one picture each.
  func add(_ rows: [EvaluatedSample], of reading: FaceReader.Reading, abstains: (EvaluatedSample) -> Bool)
    throws
  {
    if let photograph = reading.photograph {
      let marks = zip(rows, reading.faces).map { row, face in
        let text = abstains(row) ? "no decision" : classes[row.prediction]
        return PhotographPicture.Mark(
          box: face.box, text: "\(text) \(PredictionPicture.percent(row.confidence))",
          isAbstained: abstains(row))
      }
      return try PhotographPicture(photograph, marks).write(to: nextFile())
    }
    for (row, face) in zip(rows, reading.faces) {
      guard let image = face.thumbnail else { continue }
      if cards.count == PredictionPicture.mostCards { try close() }
      cards.append(
        PredictionPicture.Card(image: image, row: row, isAbstained: abstains(row), views: face.views))
    }
  }

  /// Writes what has not been written yet.
  func close() throws {
    guard !cards.isEmpty else { return }
    try PredictionPicture(classes: classes, termNames: terms, cards: cards).write(to: nextFile())
    cards = []
  }

  private func nextFile() -> String {
    defer { number += 1 }
    return number == 1 ? path : path.dropLast(4) + "-\(number).png"
  }
}
