import FERCore
import FERData
import Foundation

extension Image {
  /// The image as an address that holds its content, as a PNG file; nil where it has no pixels.
  /// - Parameter side: the longest side, in pixels; a smaller image keeps its size.
  func source(side: Int) -> String? {
    let scale = min(1, Double(side) / Double(max(width, height, 1)))
    let small = resized(
      width: max(1, Int(Double(width) * scale)), height: max(1, Int(Double(height) * scale)), antialias: true)
    return (try? ImageFile.encodePNG(small)).map { "data:image/png;base64," + Data($0).base64EncodedString() }
  }
}
