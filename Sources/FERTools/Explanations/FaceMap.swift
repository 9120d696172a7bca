import FERCore
import FERData
import TensorKit

/// A number for each place of a face, or of each view of a face.
package struct FaceMap: Sendable, Equatable {
  /// The rows of each view's map; one view where the model sees the face as a whole.
  package let views: [[[Float]]]

  /// Rows and columns.
  var size: (height: Int, width: Int) { (views.first?.count ?? 0, views.first?.first?.count ?? 0) }
  /// All numbers.
  var numbers: [Float] { views.flatMap { $0.flatMap { $0 } } }

  /// - Parameter map: `[V, h, w]`
  init(_ map: Tensor) {
    let (values, height, width) = (map.values, map.shape[1], map.shape[2])
    views = (0..<map.shape[0]).map { view in
      (0..<height).map { row in
        let start = (view * height + row) * width
        return Array(values[start..<start + width])
      }
    }
  }

  /// The number at a place of the face, in shares of its sides: between the centres of places evenly from one to the other,
  /// and where several views show the place, their sum.
  /// - Parameter boxes: where each view lies, as shares of the face's sides; none where there is one view, of all of it.
  func value(_ x: Double, _ y: Double, boxes: [Canvas.Box]) -> Float {
    var sum: Float = 0
    for (view, rows) in views.enumerated() {
      let box = boxes.indices.contains(view) ? boxes[view] : Canvas.Box(x: 0, y: 0, width: 1, height: 1)
      guard x >= box.x, x < box.right, y >= box.y, y < box.bottom else { continue }
      sum += Self.value(of: rows, (x - box.x) / box.width, (y - box.y) / box.height)
    }
    return sum
  }

  private static func value(of rows: [[Float]], _ x: Double, _ y: Double) -> Float {
    guard let width = rows.first?.count, width > 0 else { return 0 }
    let between = { (share: Double, count: Int) -> (first: Int, second: Int, rest: Float) in
      let place = max(0, min(Double(count - 1), share * Double(count) - 0.5))
      let first = Int(place)
      return (first, min(first + 1, count - 1), Float(place - Double(first)))
    }
    let (across, down) = (between(x, width), between(y, rows.count))
    let along = { (row: [Float]) in row[across.first] * (1 - across.rest) + row[across.second] * across.rest }
    return along(rows[down.first]) * (1 - down.rest) + along(rows[down.second]) * down.rest
  }
}

extension Tensor {
  /// `[N, h, w]` -> the same, each map turned left to right.
  var mirrored: Tensor {
    let rows = shape[0] * shape[1]
    return detached.reshaped([rows, shape[2]])
      .gathered(places: Array(repeating: Array((0..<shape[2]).reversed()), count: rows)).reshaped(shape)
  }
}

extension Image {
  /// The image in grey, with colours over it where a number of its places is more than 0: dark red for little, over orange
  /// to light yellow for the most.
  /// - Parameter least: the number that has the lightest colour, unless there is a larger one.
  /// - Parameter number: at a place given in shares of the sides; what is no number counts as 0.
  func heated(upTo least: Float = 0, _ number: (Double, Double) -> Float) -> Image {
    var numbers = [Float](repeating: 0, count: width * height)
    for y in 0..<height {
      for x in 0..<width {
        let found = number((Double(x) + 0.5) / Double(width), (Double(y) + 0.5) / Double(height))
        numbers[y * width + x] = found.isFinite ? max(0, found) : 0
      }
    }
    let most = max(least, numbers.max() ?? 0)
    var values = pixels
    for (place, number) in numbers.enumerated() {
      let share = most > 0 ? number / most : 0
      let grey = 0.299 * values[place * 3] + 0.587 * values[place * 3 + 1] + 0.114 * values[place * 3 + 2]
      let (colour, cover) = (Self.heat(share), min(0.7, 1.4 * share))
      for channel in 0..<3 { values[place * 3 + channel] = grey + (colour[channel] - grey) * cover }
    }
    return Image(width: width, height: height, pixels: values)
  }

  /// From dark to light all the way, so that it can be read in grey and by most eyes.
  private static func heat(_ share: Float) -> [Float] {
    let stops: [[Float]] = [[0.35, 0.02, 0.1], [0.75, 0.13, 0.08], [0.96, 0.55, 0.08], [1, 0.95, 0.5]]
    let place = max(0, min(1, share)) * Float(stops.count - 1)
    let first = min(Int(place), stops.count - 2)
    return zip(stops[first], stops[first + 1]).map { $0 + ($1 - $0) * (place - Float(first)) }
  }
}
