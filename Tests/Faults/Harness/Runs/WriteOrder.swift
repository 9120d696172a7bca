import Foundation

/// What a loss of power could do cannot be tried here, but the order of calls that protects from it can be seen: a file
/// is synchronised behind its last write before it is renamed, and its folder behind that.
struct WriteOrder {
  private let options: Options
  private let tally: Tally

  init(_ options: Options, _ tally: Tally) { (self.options, self.tally) = (options, tally) }

  func run() throws {
    for (number, problem) in Self.problems(in: try Laboratory(options).calls).enumerated() {
      tally.note(number, problem.map { .fault($0) } ?? .survived)
    }
  }

  /// For each rename to a name that stays, what is wrong with its order; nil where nothing is.
  static func problems(in calls: [SeenCall]) -> [String?] {
    var unsynchronised = Set<String>()
    var waiting: [(folder: String, place: Int)] = []
    var problems: [String?] = []
    for call in calls {
      switch call.name {
      case "write", "pwrite", "ftruncate": unsynchronised.insert(name(call.path))
      case "fsync":
        unsynchronised.remove(name(call.path))
        let folder = name(call.path)
        waiting.removeAll { $0.folder == folder }
      case "rename":
        let (old, new) = halves(call.path)
        problems.append(
          unsynchronised.contains(name(old)) ? "\(new) was given its name before its bytes were safe" : nil)
        waiting.append((name((new as NSString).deletingLastPathComponent), problems.count - 1))
      default: break
      }
    }
    for rest in waiting where problems[rest.place] == nil {
      problems[rest.place] = "the folder \(rest.folder) was not synchronised behind a rename"
    }
    return problems
  }

  /// A path's name: the shim sees some paths as they were given and others as they are.
  private static func name(_ path: String) -> String { (path as NSString).lastPathComponent }

  private static func halves(_ path: String) -> (old: String, new: String) {
    let parts = path.split(separator: "\t").map(String.init)
    return (parts.first ?? "", parts.last ?? "")
  }
}
