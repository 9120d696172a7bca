import FERCore
import FERData
import FERTraining
import Foundation
import NeuralKit
import TensorKit

extension Verb {
  static let predict = Verb(
    "predict", "name the expression on images",
    arguments: [
      Argument("RUN-or-RECIPE", "the folder of a run, or a recipe with --weights"),
      Argument("IMAGE", "image files, folders of them, or - for a list on standard input", count: .atLeastOne),
    ],
    flags: [Flag("--weights", value: "FILE", "other weights than the run's best"), .precision, .json, .set]
  ) { call in
    let files = try ImageList.files(Array(call.words.dropFirst()))
    let precision = try call.precision()
    let subject = try ModelSubject(call, confirming: false)
    let evaluator = Evaluator(subject.trained.model, batchSize: 1, precision: precision)
    let pipeline = InputPipeline(subject.trained.input)
    var (rows, failures) = ([PredictionRow](), 0)
    let terms = subject.trained.model.correctionNames
    for start in stride(from: 0, to: files.count, by: 16) {
      let group = files[start..<min(start + 16, files.count)]
      var (images, names) = ([Image](), [String]())
      for file in group {
        do {
          images.append(try ImageFile.decode(path: file))
          names.append(file)
        } catch {
          failures += 1
          call.output.remark("\(error)")
        }
      }
      guard !names.isEmpty else { continue }
      let found = evaluator.predict(pipeline.evaluation(images), ids: names)
      try subject.trained.confirm()
      if !call.has("--json") { for row in found { call.output.print(line(row, subject.recipe.classes, terms)) } }
      rows += found
    }
    if call.has("--json") {
      call.output.print(predictionsJSON(rows, classes: subject.recipe.classes, termNames: terms))
    }
    if failures > 0 { call.output.remark("\(failures) of \(files.count) images could not be used") }
    return rows.isEmpty ? 2 : failures > 0 ? 1 : 0
  }

  private static func line(_ row: PredictionRow, _ classes: [String], _ terms: [String]) -> String {
    let percent = { (value: Float) in "\(Int((100 * value).rounded()))%" }
    let best = { (values: [Float]) -> String in
      let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
      return order.prefix(3).map { "\(classes[$0]) \(percent(values[$0]))" }.joined(separator: ", ")
    }
    let parts = [("primary", row.primary)] + zip(terms, row.terms).map { ($0, $1) } + [("final", row.final)]
    return "\(row.id.printable): \(classes[row.prediction]) (confidence \(percent(row.confidence)))\n"
      + parts.map { "  \($0.0): \(best($0.1))" }.joined(separator: "\n")
  }
}

/// The image files that somebody names.
enum ImageList {
  private static let endings = ["jpg", "jpeg", "png", "tif", "tiff", "bmp", "ppm", "pgm"]

  /// Files as they are, the images of folders in the order of their names, and the lines of standard input for "-".
  static func files(_ words: [String]) throws -> [String] {
    var result: [String] = []
    for word in words {
      var isFolder: ObjCBool = false
      if word == "-" {
        while let line = readLine() { if !line.isEmpty { result.append(line) } }
      } else if FileManager.default.fileExists(atPath: word, isDirectory: &isFolder), isFolder.boolValue {
        let found = images(in: word)
        guard !found.isEmpty else { throw RunProblem.request("\(word.printable): holds no images") }
        result += found
      } else {
        result.append(word)
      }
    }
    guard !result.isEmpty else { throw RunProblem.request("there are no images to look at") }
    return result
  }

  private static func images(in folder: String) -> [String] {
    let walker = FileManager.default.enumerator(atPath: folder)
    let names = (walker?.compactMap { $0 as? String } ?? []).filter { name in
      let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
      return endings.contains(ending) && !PathText.name(of: name).hasPrefix(".")
    }
    return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }.map { folder + "/" + $0 }
  }
}
