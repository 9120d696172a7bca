import FERCore
@testable import FERData
import Foundation
import Support

/// A folder of its own for one test; ``remove()`` at the end.
struct ScratchFolder {
  let path: String

  init() throws {
    path = PathText.normalized(NSTemporaryDirectory() + "/arbex-data-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  /// A folder that another makes and removes.
  init(at path: String) { self.path = path }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, making the folders above it.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = "\(path)/\(name)"
    let folder = (file as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}

/// An image in which every value tells its place: different enough that no two pixels are mixed up.
func rampImage(width: Int, height: Int) -> Image {
  let pixels = (0..<width * height * 3).map { Float(($0 * 37) % 251) / 255 }
  return Image(width: width, height: height, pixels: pixels)
}

/// A file from `Tests/Fixtures/Images`; `make.py` there made them and tells what they show.
func fixture(_ name: String) throws -> [UInt8] {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  return [UInt8](try Data(contentsOf: tests.appendingPathComponent("Fixtures/Images/\(name)")))
}

extension Image {
  /// Width and height.
  var sides: [Int] { [width, height] }
}
