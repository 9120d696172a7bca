import FERCore
import FERData
import FERTraining
import Foundation
import Support
import TensorKit

/// Makes a dataset of faces of one of photographs: the same folders, and for each photograph a PNG file of its face. Of
/// several faces the largest is taken.
package struct DatasetCrop {
  /// What was made, in the folder that was made. By this file it is known again.
  package static let listName = "crop.json"
  /// Photographs that are looked at together.
  private static let groupSize = 16
  /// The largest photograph that is read, in pixels.
  private static let limits = ImageFile.Limits(pixels: DataOptions.standardPixelLimit)

  private let source, target: String
  private let finder: FaceFinder
  private let recipe: JSONValue
  /// Each photograph and its face, as paths below the two folders.
  private let files: [(photograph: String, face: String)]
  /// What an earlier call made, which may not stay beside what this one makes.
  private let earlier: [String]

  /// Looks what there is, and whether it may be done.
  /// - Parameter recipe: what a recipe on the faces says under `data.faces`.
  /// - Throws: a ``RunProblem`` or `DataProblem` where the source is no such dataset, or the target is not ours.
  package init(from source: String, to target: String, _ finder: FaceFinder, saying recipe: JSONValue) throws
  {
    (self.source, self.target, self.finder, self.recipe) = (source, target, finder, recipe)
    guard let photographs = try ImageSearch.images(inFolder: source) else {
      throw RunProblem.request("\(source.printable): there is no such folder")
    }
    if let problem = photographs.problems.first { throw problem }
    let names = photographs.files.compactMap { PathText.path($0, below: source) }
    if let name = names.first(where: { PathText.parts($0).count < 2 }) {
      throw RunProblem.request(
        "\(source.printable): must hold a folder of photographs for each class, or such folders for each split; "
          + "\(name.printable) lies in none")
    }
    guard PathText.path(PathText.absolute(target), below: PathText.absolute(source)) == nil else {
      throw RunProblem.request("\(target.printable): lies in the folder of the photographs; write elsewhere")
    }
    files = Self.named(names)
    earlier = try Self.earlier(in: target)
  }

  /// The name of a photograph's face: its own with the ending of PNG files, or with that behind it where two would be one.
  private static func named(_ photographs: [String]) -> [(photograph: String, face: String)] {
    let short = photographs.map { name in
      let ending = PathText.ending(of: PathText.name(of: name))
      return (ending.isEmpty ? name : String(name.dropLast(ending.count + 1))) + ".png"
    }
    let counts = Dictionary(grouping: short) { ExactName($0) }.mapValues(\.count)
    return zip(photographs, short).map { ($0, counts[ExactName($1)] == 1 ? $1 : $0 + ".png") }
  }

  /// The faces that an earlier call left there.
  /// - Throws: a ``RunProblem`` where something else lies there.
  private static func earlier(in target: String) throws -> [String] {
    guard FileSystem.exists(target) else { return [] }
    guard let names = try? FolderNames.all(in: target), !names.isEmpty else {
      guard FileSystem.isFolder(target) else { throw RunProblem.request("\(target.printable): is no folder") }
      return []
    }
    let list = try FileSystem.contents("\(target)/\(listName)").map { String(decoding: $0, as: UTF8.self) }
    let isOwn = list.flatMap { try? JSON5Parser.parse($0) }?.value["faces"] != nil
    let images = isOwn ? (try? ImageSearch.images(inFolder: target))?.files ?? [] : []
    guard isOwn else {
      throw RunProblem.request(
        "\(target.printable): is there already, and `data crop` did not make it; name another folder")
    }
    if let other = images.first(where: { !ImageFile.isSigned(path: $0) }) {
      throw RunProblem.request(
        "\(other.printable): lies where `data crop` would begin anew, and arbex did not write it; name another folder"
      )
    }
    return images
  }

  /// What was made.
  package struct Result {
    fileprivate var source = "", target = ""
    fileprivate var recipe = JSONValue.null
    /// How many faces were cut out.
    package fileprivate(set) var faces = 0
    /// Photographs without a face, and with several, as paths below the source.
    package fileprivate(set) var without: [String] = [], several: [String] = []
    /// Photographs that could not be used.
    package fileprivate(set) var unreadable: [DataProblem] = []

    /// For programs, and for the folder.
    package var json: JSONValue {
      .object([
        "source": .string(source), "faces": recipe, "cut": .int(faces), "without": .texts(without),
        "several": .texts(several), "unreadable": .texts(unreadable.map(\.description)),
      ])
    }

    /// For people.
    package var text: String {
      var lines = ["\(faces) faces in \(target.printable)"]
      let lists = [("no face", without), ("several faces, the largest taken", several)]
      for (meaning, names) in lists where !names.isEmpty {
        lines.append("\(names.count) with \(meaning): \(names.listed(atMost: 10))")
      }
      if !unreadable.isEmpty { lines.append("\(unreadable.count) could not be used") }
      lines.append("all of them in \((target + "/" + DatasetCrop.listName).printable)")
      lines.append("in a recipe on these faces: data: { faces: \(recipe.oneLine), ... }")
      return lines.joined(separator: "\n")
    }
  }

  /// Cuts every face out.
  /// - Parameter progress: told how many photographs were looked at, and how many there are.
  /// - Throws: where something cannot be written.
  package func run(progress: (Int, Int) -> Void) throws -> Result {
    var result = Result()
    (result.source, result.target, result.recipe) = (PathText.absolute(source), target, recipe)
    earlier.forEach(FileSystem.remove)
    try FileSystem.makeFolder(target)
    try write(result)
    for folder in Set(files.map { ExactName(PathText.folder(of: $0.face)) }) {
      try FileSystem.makeFolder("\(target)/\(folder.text)")
    }
    for start in stride(from: 0, to: files.count, by: Self.groupSize) {
      let group = files[start..<min(start + Self.groupSize, files.count)]
      var outcomes = [Outcome](repeating: .faces(0), count: group.count)
      outcomes.withUnsafeMutableBufferPointer { outcomes in
        Parallel.forEach(outcomes.count) { outcomes[$0] = cut(group[start + $0]) }
      }
      for (file, outcome) in zip(group, outcomes) {
        switch outcome {
        case .problem(let problem): result.unreadable.append(problem)
        case .unwritten(let problem): throw problem
        case .faces(0): result.without.append(file.photograph)
        case .faces(let count):
          result.faces += 1
          if count > 1 { result.several.append(file.photograph) }
        }
      }
      progress(start + group.count, files.count)
    }
    try write(result)
    return result
  }

  private enum Outcome {
    case faces(Int)
    case problem(DataProblem)
    case unwritten(DataProblem)
  }

  private func cut(_ file: (photograph: String, face: String)) -> Outcome {
    let path = "\(source)/\(file.photograph)"
    let found: [FaceFinder.Found]
    do throws(DataProblem) {
      found = try finder.faces(in: ImageFile.decode(path: path, limits: Self.limits), named: path)
    } catch { return .problem(error) }
    let area = { (box: Box) in (box.right - box.left) * (box.bottom - box.top) }
    guard let largest = found.max(by: { area($0.face.box) < area($1.face.box) }) else { return .faces(0) }
    do throws(DataProblem) { try ImageFile.writePNG(largest.image, path: "\(target)/\(file.face)") } catch {
      return .unwritten(error)
    }
    return .faces(found.count)
  }

  private func write(_ result: Result) throws {
    try AtomicFile.write(result.json.pretty() + "\n", to: "\(target)/\(Self.listName)")
  }
}
