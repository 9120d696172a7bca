import FERTraining
import FERCore
import FERData
import NeuralKit
import Support

/// A folder in which no known layout was found, and what may be the reason.
package struct UnknownLayout: Error, Equatable, CustomStringConvertible {
  /// What was looked at.
  package let path: String
  /// What was seen instead, and what might help.
  package let description: String

  init(_ path: String, _ registry: Registry) {
    self.path = path
    guard FileSystem.isFolder(path) else {
      description =
        "\(path.printable): is no list of images that is known; name the folder of a dataset, or a recipe"
      return
    }
    let names = Self.names(in: path)
    var lines = ["\(path.printable): no dataset was recognised"]
    lines.append(names.isEmpty ? "it is empty" : "it holds \(names.listed(atMost: 10))")
    lines += Self.damaged(path, registry).map { "it looks like \($0.dataset), but \($0.problem)" }
    let spoilers = ClassFolderPlace.spoilers(in: path)
    if !spoilers.isEmpty {
      lines.append(
        "it looks like class-folders, but these hold no images that can be read; fill or remove them:")
      lines += spoilers.prefix(10).map { "  " + $0.printable }
      if spoilers.count > 10 { lines.append("  and \(spoilers.count - 10) more") }
    }
    let empty = spoilers.isEmpty ? Self.emptyClassFolders(in: path, names) : []
    if !empty.isEmpty { lines.append("class folders without images: \(empty.listed()); fill or remove them") }
    let below = (spoilers.isEmpty ? names : []).prefix(50).compactMap { name in
      registry.recognise("\(path)/\(name)").first.map { "\(name) (\($0.dataset))" }
    }
    if !below.isEmpty {
      lines.append("there is a dataset below: \(below.listed(atMost: 5)); name that folder")
    }
    lines.append(
      "images can always be used in one folder for each class, named after it, or below train, validation and test"
    )
    description = lines.joined(separator: "\n  ")
  }

  private static func names(in folder: String) -> [String] {
    (try? FolderListing.entries(in: folder)) ?? []
  }

  /// Datasets that find their list in the folder, and cannot use what stands in it.
  private static func damaged(_ path: String, _ registry: Registry) -> [(
    dataset: String, problem: DataProblem
  )] {
    registry.datasets.all.compactMap { entry in
      guard entry.summary.defaults["root"] != nil else { return nil }
      let classes = ["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"]
      do {
        let dataset = try entry.make(.object(["root": .string(path)]))
        _ = try dataset.load(DataRequest(classes: classes, allowMissing: true))
        return nil
      } catch let problem as DataProblem where isList(problem.path) {
        return (entry.summary.name, problem)
      } catch {
        return nil
      }
    }
  }

  /// A file that is there and has the ending of a list.
  private static func isList(_ path: String) -> Bool {
    let ending = path.split(separator: ".").last?.lowercased() ?? ""
    return ["txt", "csv", "tsv", "npy"].contains(ending) && FolderListing.isFile(path)
  }

  /// Folders named after expressions in which there is nothing, here and below folders named after splits.
  private static func emptyClassFolders(in folder: String, _ names: [String], prefix: String = "") -> [String]
  {
    names.prefix(100).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      if prefix.isEmpty, ["train", "validation", "valid", "val", "test"].contains(name.lowercased()) {
        return emptyClassFolders(in: path, Self.names(in: path), prefix: name + "/")
      }
      guard ExpressionNames.isKnown(name), FileSystem.isFolder(path), Self.names(in: path).isEmpty else {
        return []
      }
      return [prefix + name]
    }
  }
}
