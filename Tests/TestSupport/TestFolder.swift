import Foundation

/// A folder that goes with the test.
package final class TestFolder: Sendable {
  package let path: String

  package init() {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("arbex-\(UUID().uuidString)").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  package static func / (folder: TestFolder, name: String) -> String { folder.path + "/" + name }

  package func url(_ name: String) -> URL { URL(fileURLWithPath: self / name) }

  package func names() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// A file of these bytes.
  package func file(_ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: url("file"))
    return self / "file"
  }

  /// A safetensors file with this header.
  package func file(header: [UInt8], _ data: [UInt8]) throws -> String {
    try file(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data)
  }

  package func file(header: String, _ data: [UInt8]) throws -> String {
    try file(header: Array(header.utf8), data)
  }
}
