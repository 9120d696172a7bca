import FERCore
import NeuralKit
import Support

extension ConformanceKit {
  /// A dataset that is not there is told as such, and an empty folder is no dataset.
  static func check(_ subject: Subject<any Dataset>, _ found: inout Findings) throws {
    let folder = try TemporaryFolder("check")
    let missing = folder.path + "/missing"
    let part = try subject.make(subject.hasOption("root") ? ["root": .string(missing)] : [:], path: missing)
    for path in [folder.path, missing] {
      found.expect(
        type(of: part).recognise(path) == nil, .errors,
        "recognises itself in \(path == missing ? "a folder that does not exist" : "an empty folder")")
    }
    guard subject.summary.options.contains(where: { $0.kind == "path" }) else { return }
    do {
      let loaded = try part.load(DataRequest(classes: ["first", "second"]))
      found.add(.errors, "loads \(loaded.samples.count) samples from a folder that does not exist")
    } catch {
      found.expect(
        (error as? DataProblem)?.description.contains(missing) ?? false, .errors,
        "a folder that does not exist is not named by a data problem: \(error)")
    }
  }
}
