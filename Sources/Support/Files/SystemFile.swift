import Foundation

/// What Linux says of the CPU.
package struct Processor {
  package var model = "unknown"
  package var features: Set<String> = []

  /// Reads the text of `/proc/cpuinfo`.
  package init(cpuinfo: String) {
    for line in cpuinfo.split(separator: "\n") {
      let halves = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard halves.count == 2 else { continue }
      if halves[0] == "model name", model == "unknown" { model = halves[1] }
      if halves[0] == "flags", features.isEmpty {
        features = Set(halves[1].split(separator: " ").map(String.init))
      }
    }
  }

  package static var current: Processor {
    Processor(cpuinfo: SystemFile.text("/proc/cpuinfo"))
  }
}

/// Files that the kernel makes up as they are read. They have no size, and Foundation's readers of whole files
/// stop after the first page.
package enum SystemFile {
  /// The file's text; "" where there is none.
  package static func text(_ path: String) -> String {
    let data = try? FileHandle(forReadingAtPath: path)?.readToEnd()
    return data.flatMap { String(data: $0, encoding: .utf8) } ?? ""
  }
}
